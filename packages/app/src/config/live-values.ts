import type { ConfigDeclarations } from "./declaration.ts";
import type { Texts } from "./sources.ts";
import { readValue } from "./value.ts";

/** Where live values come from. */
export interface LiveSource {
  /** For messages. */
  readonly name: string;
  /** What it has at the start; nothing where that takes time to know. */
  initial(): Texts;
  /**
   * Tells all that it has after each change, until it is aborted.
   *
   * @param flaw - told what is wrong with the source, in words for people
   */
  watch(tell: (texts: Texts) => void, flaw: (text: string) => void, signal: AbortSignal): void;
}

/** A key that changes, or a text that is not taken. */
export type LiveChange =
  | { readonly key: string; readonly text: string; readonly value: unknown }
  | { readonly key: string; readonly text: string; readonly flaw: string };

/**
 * What a source's texts change, with the texts as they are. What cannot be read, and what the source has no more, changes nothing: the last
 * good value stays. Pure.
 */
export function liveChanges(declarations: ConfigDeclarations, current: ReadonlyMap<string, string>, texts: Texts): readonly LiveChange[] {
  return Object.entries(texts).flatMap(([key, text]): LiveChange[] => {
    const declared = Object.hasOwn(declarations, key) ? declarations[key] : undefined;
    if (!declared?.live || text === current.get(key)) return [];
    return [{ key, text, ...readValue(declared, text) }];
  });
}

import type { CST } from "yaml";

export interface Comment {
  /** After the `#`. */
  readonly text: string;
  /** Of the `#`. */
  readonly start: number;
  readonly end: number;
}

/** Every comment of a document, in order. */
export function commentsOf(tokens: readonly CST.Token[]): Comment[] {
  const found: Comment[] = [];
  for (const token of tokens) collect(token, found);
  return found.toSorted((a, b) => a.start - b.start);
}

function collect(token: CST.Token, found: Comment[]): void {
  if (token.type === "comment") found.push({ text: token.source.slice(1), start: token.offset, end: token.offset + token.source.length });
  if ("start" in token && Array.isArray(token.start)) collectAll(token.start, found);
  if ("props" in token) collectAll(token.props, found);
  if ("end" in token && token.end) collectAll(token.end, found);
  if ("value" in token && token.value) collect(token.value, found);
  if (!("items" in token)) return;
  for (const { start, key, sep, value } of token.items) {
    collectAll(start, found);
    if (key) collect(key, found);
    collectAll(sep ?? [], found);
    if (value) collect(value, found);
  }
}

function collectAll(tokens: readonly CST.Token[], found: Comment[]): void {
  for (const token of tokens) collect(token, found);
}

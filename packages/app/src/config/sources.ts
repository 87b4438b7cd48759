import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { Problem } from "../problem.ts";
import type { ConfigDeclarations } from "./declaration.ts";

/** Where a value came from, lowest first: what comes later counts more. */
export const configOrigins = ["default", "file", "environment", "live", "flag"] as const;
export type ConfigOrigin = (typeof configOrigins)[number];

/** Texts by key, as one source has them. */
export type Texts = Readonly<Record<string, string>>;

/** What config is read from. */
export interface ConfigSurroundings {
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The words after the program's name. Default those of this process. */
  readonly argv?: readonly string[];
}

export interface Sourced {
  readonly text: string;
  readonly origin: ConfigOrigin;
}

/** The value of each key that some source has, and whence. Pure. */
export function sourced(declarations: ConfigDeclarations, texts: Partial<Record<ConfigOrigin, Texts>>): ReadonlyMap<string, Sourced> {
  const found = new Map<string, Sourced>();
  for (const origin of configOrigins) {
    for (const key of Object.keys(declarations)) {
      const text = texts[origin]?.[key];
      if (text !== undefined && Object.hasOwn(texts[origin] ?? {}, key)) found.set(key, { text, origin });
    }
  }
  return found;
}

export function defaultTexts(declarations: ConfigDeclarations): Texts {
  const known = Object.entries(declarations).filter(([, { default: preset }]) => preset !== undefined);
  return Object.fromEntries(known.map(([key, { default: preset }]) => [key, String(preset)]));
}

/** Of the environment, an empty value of a key that is not text is none: that is how one is unset in many places. */
export function environmentTexts(declarations: ConfigDeclarations, env: Readonly<Record<string, string | undefined>>): Texts {
  const texts: Record<string, string> = {};
  for (const [key, { type = "string" }] of Object.entries(declarations)) {
    const text = env[key];
    if (text !== undefined && (text !== "" || type === "string")) texts[key] = text;
  }
  return texts;
}

/** `--max-visits 5` and `--max-visits=5` for `MAX_VISITS`; `--debug` alone for a boolean. Other words are not looked at. */
export function flagTexts(declarations: ConfigDeclarations, argv: readonly string[]): Texts {
  const texts: Record<string, string> = {};
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  for (const [index, word] of words.entries()) {
    const [, name = "", text] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const key = name.replaceAll("-", "_").toUpperCase();
    const declared = Object.hasOwn(declarations, key) ? declarations[key] : undefined;
    if (!declared) continue;
    const next = words[index + 1];
    if (text !== undefined) texts[key] = text;
    else if (declared.type === "boolean" && (next === undefined || !/^(true|false|1|0|yes|no)$/i.test(next))) texts[key] = "true";
    else if (next !== undefined) texts[key] = next;
  }
  return texts;
}

/** The words that are no flags of config, for whoever reads the rest. */
export function withoutConfigFlags(declarations: ConfigDeclarations, argv: readonly string[]): readonly string[] {
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") return [...rest, ...argv.slice(index)];
    const own = flagTexts(declarations, argv.slice(index, index + 2));
    const isOwn = flagTexts(declarations, [word, "x"]);
    if (Object.keys(isOwn).length === 0) rest.push(word);
    else if (!word.includes("=") && Object.values(own)[0] === argv[index + 1] && argv[index + 1] !== undefined) index++;
  }
  return rest;
}

/**
 * Reads `CONFIG_FILE`, where it is set: JSON, or lines of `KEY=value`.
 *
 * @throws Problem config-invalid - it cannot be read, or is no such file
 */
export function fileTexts(file: string | undefined): Texts {
  if (file === undefined || file === "") return {};
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw badFile(file, error instanceof Error && "code" in error ? `it cannot be read (${String(error.code)})` : "it cannot be read");
  }
  if (!file.endsWith(".json")) return parseEnv(text) as Texts;
  const parsed = parsedJson(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw badFile(file, "it is no JSON object");
  return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function badFile(file: string, why: string): Problem {
  return new Problem({
    code: "config-invalid",
    what: `the config file ${file} cannot be used`,
    why,
    fix: "mend it, or unset CONFIG_FILE",
  });
}

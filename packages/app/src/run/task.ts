import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { readValue } from "../config/value.ts";
import { Problem } from "../problem.ts";

/** One argument of a task: `--user 7`. */
export interface ArgumentDeclaration {
  /** Default `string`. */
  readonly type?: "string" | "integer" | "number" | "boolean" | "enum";
  /** With `type: "enum"`. */
  readonly values?: readonly string[];
  readonly default?: string | number | boolean;
  /** Default false. */
  readonly required?: boolean;
  readonly description?: string;
}

export type ArgumentDeclarations = Readonly<Record<string, ArgumentDeclaration>>;

type Parsed<A extends ArgumentDeclaration> = A extends { readonly type: "integer" | "number" }
  ? number
  : A extends { readonly type: "boolean" }
    ? boolean
    : A extends { readonly values: readonly (infer V)[] }
      ? V
      : string;

export type ArgumentValues<A extends ArgumentDeclarations> = {
  readonly [Key in keyof A]: IsThere<A[Key]> extends true ? Parsed<A[Key]> : Parsed<A[Key]> | undefined;
};

type IsThere<A extends ArgumentDeclaration> = A extends { readonly required: true }
  ? true
  : A extends { readonly default: string | number | boolean }
    ? true
    : A extends { readonly type: "boolean" }
      ? true
      : false;

/** A named one-off: it runs in the release's own code and config, and ends. */
export interface Task {
  readonly description: string;
  readonly args: ArgumentDeclarations;
  /** @throws Problem arguments-invalid */
  run(words: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface TaskDeclaration<A extends ArgumentDeclarations> {
  readonly description?: string;
  readonly args?: A;
  /** @param signal - aborts when the process is told to stop */
  readonly run: (args: ArgumentValues<A>, signal: AbortSignal) => Promise<void> | void;
}

/**
 * Declares an admin task with typed arguments.
 *
 * @see https://12factor.net/admin-processes
 */
export function task<const A extends ArgumentDeclarations = Record<never, never>>({
  description = "",
  args,
  run,
}: TaskDeclaration<A>): Task {
  const declared: ArgumentDeclarations = args ?? {};
  return {
    description,
    args: declared,
    run: async (words, signal) => await run(argumentValues(declared, words) as ArgumentValues<A>, signal),
  };
}

/**
 * Reads `--user 7 --dry-run`; `dryRun` is written `--dry-run`. Pure.
 *
 * @throws Problem arguments-invalid - with all that is wrong
 */
export function argumentValues(declared: ArgumentDeclarations, words: readonly string[]): Readonly<Record<string, unknown>> {
  const options: Record<string, ParseArgsOptionDescriptor> = {};
  for (const [name, { type }] of Object.entries(declared)) options[flagOf(name)] = { type: type === "boolean" ? "boolean" : "string" };
  let given: Readonly<Record<string, unknown>>;
  try {
    given = parseArgs({ args: [...words], options, strict: true, allowNegative: true }).values;
  } catch (error) {
    throw invalid([error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error)], declared);
  }
  const values: Record<string, unknown> = {};
  const flaws: string[] = [];
  for (const [name, each] of Object.entries(declared)) {
    const flag = flagOf(name);
    const text = given[flag] ?? each.default;
    if (text === undefined) {
      if (each.required) flaws.push(`--${flag} is missing`);
      values[name] = each.type === "boolean" ? false : undefined;
      continue;
    }
    const read = readValue(each, String(text));
    if ("flaw" in read) flaws.push(`--${flag}: ${read.flaw}`);
    else values[name] = read.value;
  }
  if (flaws.length > 0) throw invalid(flaws, declared);
  return values;
}

export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function invalid(flaws: readonly string[], declared: ArgumentDeclarations): Problem {
  const known = Object.keys(declared).map((name) => `--${flagOf(name)}`);
  return new Problem({
    code: "arguments-invalid",
    what: "the task cannot be run with these arguments",
    why: flaws.join("; "),
    fix: known.length === 0 ? "it takes none" : `it takes ${known.join(", ")}`,
  });
}

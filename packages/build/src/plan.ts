import type { Language } from "@douze/core";

/** How a codebase is made runnable. */
export interface BuildPlan {
  readonly language: Language;
  /** Which file told. */
  readonly why: string;
  /** Other languages that were seen and not taken. */
  readonly others: readonly Language[];
  readonly runtime?: RuntimeWish;
  /** Programs that the steps call, beside the runtime's own. */
  readonly tools: readonly string[];
  readonly steps: readonly BuildStep[];
  /** For the steps alone. */
  readonly buildEnv: Readonly<Record<string, string>>;
  /** At run time; `$TREE` stands for the tree's folder. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders of the tree that come first in PATH. */
  readonly path: readonly string[];
  /** Process types for a codebase that declares none. */
  readonly processes: Readonly<Record<string, string>>;
  /** A Python environment, whose scripts name the folder they were made in. */
  readonly venv?: string;
  /** What a person should be told. */
  readonly notes: readonly string[];
}

export interface RuntimeWish {
  readonly name: "node" | "python" | "go" | "ruby";
  /** A range as `semver` reads it; absent: any. */
  readonly range?: string;
  /** Where it stands: `engines.node in package.json`. */
  readonly from: string;
}

/** One command, run by `sh -c` in the tree. */
export interface BuildStep {
  readonly title: string;
  readonly command: string;
  /** A failure whose output matches means that the lock file is stale. */
  readonly stale?: { readonly pattern: RegExp; readonly file: string; readonly mend: string };
}

import type { Digest, Instant } from "./ids.ts";
import type { Language, Manifest } from "./manifest.ts";

/** The codebase at one commit made runnable. Its tree is content-addressed and never changed after. */
export interface Build {
  readonly digest: Digest;
  readonly source: Source;
  readonly language: Language;
  /** Folders of the tree, relative to it, that come first in PATH: `node_modules/.bin`, `.venv/bin` … */
  readonly path: readonly string[];
  /** Folders outside the tree where the pinned runtimes were found, for PATH after `path`. */
  readonly runtimes: readonly string[];
  /** What the language wants at run time: `NODE_ENV`, `PYTHONUNBUFFERED` … `$TREE` stands for the tree's folder. */
  readonly env: Readonly<Record<string, string>>;
  /** As it stood in the codebase, completed by what detection knows (a default `web`). */
  readonly manifest: Manifest;
  readonly createdAt: Instant;
}

/** Where the code came from. */
export interface Source {
  /** Forty hexadecimal digits; absent when the folder is no git repository. */
  readonly commit?: string;
  /** What was asked for: `HEAD`, a branch, a tag. Absent for the working tree. */
  readonly ref?: string;
  /** Whether it was the working tree, with changes that no commit holds. */
  readonly dirty: boolean;
  /** Digest of what went in: files, modes and contents. */
  readonly tree: Digest;
}

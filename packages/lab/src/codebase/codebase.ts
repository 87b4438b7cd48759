import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";

/** The files of an app as its repository has them, or as they lie there where there is none. */
export interface Codebase {
  /** The app's folder. */
  readonly directory: string;
  /** The repository's top folder; absent where there is none. */
  readonly repository?: string;
  readonly commit?: string;
  /** Whether files differ from the commit. */
  readonly dirty: boolean;
  /** Paths of tracked files, relative to the app's folder, in order; those of the folder where there is no repository. */
  readonly files: readonly string[];
  /** Text of a file of the working tree; nothing where it is none, is over a mebibyte, or holds bytes that are no text. */
  text(path: string): Promise<string | undefined>;
  /** What git says; nothing where it fails or there is no repository. */
  git(...args: readonly string[]): Promise<string | undefined>;
}

const textBytes = 1 << 20;
const skipped = /(^|\/)(node_modules|\.git|\.venv|venv|vendor\/bundle|dist|target|__pycache__|\.douze)(\/|$)/;

/** Reads which files there are. Nothing is changed. */
export async function openCodebase(directory: string): Promise<Codebase> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    try {
      // Another user's repository is read all the same: nothing of it is run.
      const { stdout } = await promisify(execFile)(
        "git",
        ["-c", "safe.directory=*", "-c", "core.quotePath=off", "-C", directory, ...args],
        {
          maxBuffer: 1 << 28,
          env: { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
        },
      );
      return stdout;
    } catch {
      return undefined;
    }
  };
  const repository = (await git("rev-parse", "--show-toplevel"))?.trim();
  const commit = repository === undefined ? undefined : (await git("rev-parse", "--verify", "-q", "HEAD"))?.trim() || undefined;
  const tracked = repository === undefined ? undefined : await git("ls-files", "-z", "--", ".");
  const files = tracked === undefined ? await filesBelow(directory) : tracked.split("\0").filter((path) => path !== "");
  const status = repository === undefined ? "" : await git("status", "--porcelain", "--untracked-files=no", "--", ".");
  return {
    directory,
    dirty: (status ?? "").trim() !== "",
    files: files.filter((path) => !path.startsWith("..")).toSorted(),
    ...(repository !== undefined && { repository }),
    ...(commit !== undefined && { commit }),
    text: (path) => textOf(join(directory, path)),
    git,
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > textBytes) return undefined;
    const bytes = await readFile(path);
    return bytes.includes(0) ? undefined : bytes.toString("utf8");
  } catch (error) {
    if (["ENOENT", "EISDIR", "ENOTDIR", "EACCES", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const { readdir } = await import("node:fs/promises");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !skipped.test(path));
}

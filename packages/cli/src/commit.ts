import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import { Problem } from "@douze/core";

const run = promisify(execFile);

/** A folder of a Git repository, made where it is missing. */
export interface Checkout {
  /** From the root of the repository: `deploy/production`. */
  readonly path: string;
  /**
   * Commits what has changed in the folder, and nothing else.
   *
   * @returns the commit; nothing where nothing has changed
   * @throws Problem commit-failed
   */
  commit(message: string): Promise<string | undefined>;
}

/** @throws Problem commit-failed - the folder is in no repository, or is ignored there */
export async function checkout(directory: string): Promise<Checkout> {
  await mkdir(directory, { recursive: true });
  const path = (await git(directory, "rev-parse", "--show-prefix")).trim().replace(/\/$/, "");
  const ignored = await git(directory, "check-ignore", "--no-index", "--quiet", ".").then(
    () => true,
    () => false,
  );
  if (ignored) throw failed(directory, "Git ignores the folder", "take it out of .gitignore, or name another `folder:` under `gitops:`");
  return {
    path: path === "" ? "." : path,
    commit: async (message) => {
      await git(directory, "add", "--all", "--", ".");
      if ((await git(directory, "status", "--porcelain", "--", ".")).trim() === "") return undefined;
      await git(directory, "commit", "--quiet", "--message", message, "--", ".");
      return (await git(directory, "rev-parse", "--short", "HEAD")).trim();
    },
  };
}

/** @throws Problem commit-failed - the folder is in no repository */
export async function repositoryRoot(directory: string): Promise<string> {
  return (await git(directory, "rev-parse", "--show-toplevel")).trim();
}

async function git(directory: string, ...words: readonly string[]): Promise<string> {
  try {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
    return (await run("git", words, { cwd: directory, env, maxBuffer: 64 * 2 ** 20 })).stdout;
  } catch (error) {
    const { stderr = "", message, code } = error as { readonly stderr?: string; readonly message: string; readonly code?: unknown };
    const fix =
      code === "ENOENT"
        ? "install git"
        : "what was written is in the folder: mend the repository, and give the command again, or commit it by hand";
    throw failed(directory, (stderr.trim() || message).split("\n").slice(0, 3).join("; "), fix);
  }
}

function failed(directory: string, why: string, fix: string): Problem {
  return new Problem({ code: "commit-failed", what: `${directory} could not be committed`, why, fix });
}

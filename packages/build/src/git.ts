import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Problem } from "@douze/core";

const run = promisify(execFile);
const most = 512 * 2 ** 20;

/** @returns what git prints; nothing when it fails, as it does outside a repository */
export async function git(directory: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    // Hooks, pagers and prompts of the user's have no say in a build.
    const { stdout } = await run("git", ["-c", "core.quotePath=false", ...args], {
      cwd: directory,
      maxBuffer: most,
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" },
    });
    return stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return undefined;
  }
}

/** Whether a folder lies in a repository that has a commit. */
export async function headCommit(directory: string): Promise<string | undefined> {
  return (await git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"))?.trim() || undefined;
}

/** @throws Problem ref-unknown - no commit of that name, or no repository at all */
export async function commitOf(directory: string, ref: string): Promise<string> {
  const safe = !ref.startsWith("-");
  const commit = safe
    ? (await git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`))?.trim()
    : undefined;
  if (commit) return commit;
  const repository = await git(directory, "rev-parse", "--show-toplevel");
  throw new Problem({
    code: "ref-unknown",
    what: `there is no commit \`${ref}\``,
    why:
      repository === undefined
        ? `${directory} is in no git repository`
        : "no branch, tag or commit has that name, or nothing was committed yet",
    fix:
      repository === undefined
        ? "`git init`, and commit; or build what lies in the folder with `--working-tree`"
        : "`git log --oneline --all` lists commits; `--working-tree` takes what lies in the folder",
  });
}

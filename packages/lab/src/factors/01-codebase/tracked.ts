import type { Check } from "../../model/check.ts";
import { failOr, pass, unknown } from "../../model/verdict.ts";

interface Evidence {
  readonly repository: boolean;
  readonly commit?: string;
  readonly commits: number;
  readonly files: number;
}

export const tracked: Check<Evidence> = {
  name: "tracked",
  factor: "codebase",
  claim: "the app is kept in version control",
  kind: "static",
  profile: "static",
  core: false,
  severity: "error",
  norm: "“A twelve-factor app is always tracked in a version control system”",
  method: ["git is asked for the repository around the app's folder, its commits, and the files of the app that it tracks."],
  guards: ["A shallow clone has one commit, and that is enough.", "A folder without a repository may be an export: it cannot be told."],
  needs: [],

  async observe({ codebase }) {
    const { repository, commit, files } = codebase;
    const commits = Number((await codebase.git("rev-list", "--count", "--max-count=1000", "HEAD"))?.trim() ?? 0);
    return { repository: repository !== undefined, commits, files: files.length, ...(commit !== undefined && { commit }) };
  },

  judge({ repository, commit, commits, files }) {
    if (!repository)
      return unknown("needs-hint", "the folder is in no git repository", "check it in its repository, and not an export of it");
    const findings =
      commits === 0 || files === 0
        ? [
            {
              subject: "repository",
              severity: "error" as const,
              what: commits === 0 ? "the repository has no commit" : "the repository tracks no file of the app",
              control: "git itself says so",
              fix: { text: "git add -A && git commit" },
            },
          ]
        : [];
    return failOr(
      findings,
      "exact",
      pass(`${files} files are tracked, at ${commit?.slice(0, 10)}`, `git knows ${commits === 1000 ? "over a thousand" : commits} commits`),
    );
  },
};

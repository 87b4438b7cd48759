import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";
import { type LockFlaw, type LockState, lockStates } from "./locks.ts";

interface Evidence {
  readonly states: readonly LockState[];
}

export const lockExact: Check<Evidence> = {
  name: "lock-exact",
  factor: "dependencies",
  claim: "every dependency resolves to one exact version",
  kind: "static",
  profile: "static",
  core: true,
  severity: "error",
  norm: "“declares all dependencies, completely and exactly, via a dependency declaration manifest”",
  method: [
    "For each manifest in the app's folder its lock is read: npm, Yarn, pnpm, pip, uv, Poetry, Bundler, Go, Cargo, Maven.",
    "It must be tracked, and name each dependency that the manifest declares; pip's requirements must be pinned, each and all.",
  ],
  guards: [
    "Maven without ranges is exact without a lock file: one rule for each ecosystem.",
    "A manifest without dependencies needs no lock.",
    "Whether pins are the newest is nobody's business here.",
  ],
  limits: "Whether a lock resolves as written is shown by the build, which refuses one that does not.",
  needs: [],

  async observe({ codebase }) {
    const texts = new Map<string, string>();
    for (const file of codebase.files.filter((path) => !path.includes("/"))) {
      const text = await codebase.text(file);
      if (text !== undefined) texts.set(file, text);
    }
    return { states: lockStates(texts, new Set(codebase.files)) };
  },

  judge({ states }) {
    if (states.length === 0) return inapplicable("no manifest of a package manager that is known here declares a dependency");
    const findings = states.flatMap(({ manifest, flaws }) =>
      flaws.map((flaw: LockFlaw) => ({
        subject: `${manifest}: ${flaw.subject}`,
        severity: flaw.severity,
        what: flaw.what,
        where: { file: flaw.file ?? manifest, ...(flaw.line !== undefined && { line: flaw.line }) },
        control: "both files were read, and no version had to be guessed",
        fix: { text: flaw.fix },
      })),
    );
    const told = states.map(({ manifest, lock, dependencies }) => `${manifest}: ${dependencies} in ${lock ?? "itself"}`).join("; ");
    return failOr(findings, "exact", pass("every dependency is pinned", told));
  },
};

import { lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly command?: string;
  readonly again?: { readonly status: number; readonly lines: readonly string[] };
}

export const migrateIdempotent: Check<Evidence> = {
  name: "migrate-idempotent",
  factor: "admin-processes",
  claim: "the release task may run again on what it has done",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“Running database migrations”",
  method: ["The release task runs on an empty service and ends well.", "It runs once more on the same service, and must end with 0 again."],
  guards: ["The first run is the control."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { migrate } = lab.subject;
    if (!migrate) return {};
    await using sandbox = await lab.sandbox();
    await using task = await sandbox.start("release", { command: migrate.command });
    const ended = await task.process.until(() => task.process.end !== undefined, 60_000 * lab.slowness);
    return { command: migrate.command, again: { status: ended ? (task.process.end?.status ?? -1) : -1, lines: lastLines(task) } };
  },

  judge({ command, again }) {
    if (command === undefined || !again) return inapplicable("no release task and no migration is known");
    const findings =
      again.status !== 0
        ? [
            {
              subject: command,
              severity: "warning" as const,
              what: `\`${command}\` ${again.status === -1 ? "does not end" : `ends with ${again.status}`} when it runs a second time: every release runs it`,
              details: again.lines,
              control: "the first time, on an empty service, it ended well",
              fix: { text: "keep a record of what was done, as migration tools do, or write `if not exists`" },
            },
          ]
        : [];
    return failOr(findings, "proven", pass(`\`${command}\` ran twice`, "both runs were on the same service"));
  },
};

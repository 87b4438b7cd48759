import { pause } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly types: readonly { readonly type: string; readonly ended: boolean; readonly left: readonly string[] }[];
}

export const noDaemon: Check<Evidence> = {
  name: "no-daemon",
  factor: "concurrency",
  claim: "processes stay in the foreground",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“processes should never daemonize or write PID files”",
  method: [
    "Each process type is started below a process 1 of the lab's, which takes over orphans.",
    "A process that ends within seconds while others that it started live on has put itself into the background.",
  ],
  guards: [
    "A launcher that becomes the program is still the same process.",
    "Whoever ends with all that it started is a job, and no daemon.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const types: Evidence["types"][number][] = [];
    for (const { type } of lab.subject.processes) {
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type);
      const { process } = started;
      const ended = await process.until(() => process.end !== undefined, Math.max(2_000, lab.baseline.startMs * 2) * lab.slowness);
      // What it had only begun to start has a moment to end with it.
      if (ended) await pause(500 * lab.slowness);
      types.push({ type, ended, left: ended ? process.tree.map(({ name }) => name) : [] });
    }
    return { types };
  },

  judge({ types }) {
    const findings = types.flatMap(({ type, ended, left }) =>
      ended && left.length > 0
        ? [
            {
              subject: type,
              severity: "error" as const,
              what: `the process that ${type} starts ended, and left ${left.join(", ")} running in the background`,
              control: "process 1 of its namespace took over what was left, and still had it half a second later",
              fix: { text: "run it in the foreground: `daemonize no`, `--foreground`, `-F`, or no `&` in the command" },
            },
          ]
        : [],
    );
    return failOr(
      findings,
      "proven",
      pass(
        `${types.map(({ type }) => type).join(", ")} stayed in the foreground`,
        `${types.length} process types were started and watched`,
      ),
    );
  },
};

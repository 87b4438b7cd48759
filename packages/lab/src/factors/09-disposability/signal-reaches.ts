import { answers } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly ends: readonly {
    readonly type: string;
    readonly command: string;
    readonly rootMs?: number;
    readonly wholeMs?: number;
    readonly left: readonly string[];
  }[];
}

const graceMs = 12_000;

export const signalReaches: Check<Evidence> = {
  name: "signal-reaches",
  factor: "disposability",
  claim: "the start command passes SIGTERM on to the program that does the work",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“Processes shut down gracefully when they receive a SIGTERM signal”",
  method: [
    "Each process type is started by its command as it is written, behind `sh -c`.",
    "SIGTERM goes to the process that was started, and to no other.",
    "It and all that it started must be gone within twelve seconds.",
  ],
  guards: [
    "The outcome counts, not whether the signal was delivered: a wrapper that ends and leaves the server behind has failed.",
    "Helpers that outlive the first process by less than the grace are not counted.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const ends: Evidence["ends"][number][] = [];
    const { web } = lab.baseline;
    for (const { type, declared } of lab.subject.processes) {
      if (type !== web?.type && !lab.baseline.others.some((other) => other.type === type && other.stayed)) continue;
      lab.tell(`SIGTERM to what ${type} is started by`);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { command: declared });
      const { process } = started;
      if (web && type === web.type) {
        if (!(await answers(lab, sandbox, started, web))) continue;
      } else if (await process.until(() => process.end !== undefined, 1_500 * lab.slowness)) continue;
      const at = process.signal("root", "SIGTERM");
      const gone = await process.gone(graceMs * lab.slowness);
      ends.push({
        type,
        command: declared,
        left: gone === undefined ? process.tree.map(({ name }) => name) : [],
        ...(process.end && { rootMs: process.end.at - at }),
        ...(gone !== undefined && { wholeMs: gone - at }),
      });
    }
    return { ends };
  },

  judge({ ends }) {
    if (ends.length === 0) return inapplicable("no process of the app stays up until it is told to end");
    const findings = ends.flatMap(({ type, command, rootMs, wholeMs, left }) =>
      wholeMs === undefined
        ? [
            {
              subject: type,
              severity: "error" as const,
              what:
                rootMs === undefined
                  ? `SIGTERM to what \`${command}\` starts ends nothing: ${left.join(", ")} ${left.length === 1 ? "is" : "are"} left`
                  : `SIGTERM ended what \`${command}\` starts after ${Math.round(rootMs)} ms, and left ${left.join(", ")} behind`,
              control: "it was running and well until then; a signal to the whole group is another check",
              fix: { text: "start the program itself, without a shell or package manager that stays in between: `exec node server.js`" },
            },
          ]
        : [],
    );
    const told = ends.map(({ type, command }) => `${type} (\`${command}\`)`).join(", ");
    return failOr(
      findings,
      "proven",
      pass(`the signal reached ${told}`, `${ends.length} start commands got a signal that nothing else got`),
    );
  },
};

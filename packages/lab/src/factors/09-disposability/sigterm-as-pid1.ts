import { answers } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly ends: readonly { readonly type: string; readonly tookMs?: number }[];
  readonly slowness: number;
}

const graceMs = 10_000;

export const sigtermAsPid1: Check<Evidence> = {
  name: "sigterm-as-pid1",
  factor: "disposability",
  claim: "SIGTERM ends the app where it is process 1, as in a container",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“Processes shut down gracefully when they receive a SIGTERM signal”",
  method: [
    "Each process type is started as process 1 of its namespace.",
    "SIGTERM goes to it alone.",
    "It must be gone within ten seconds.",
  ],
  guards: [
    "The kernel keeps from process 1 the default effect of a signal: a program without a handler ends elsewhere and not here. That is what is looked for.",
    "A platform that shares the process namespace, or puts an init in front, is not concerned: therefore never more than a warning.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const ends: Evidence["ends"][number][] = [];
    const { web } = lab.baseline;
    for (const { type } of lab.subject.processes) {
      if (type !== web?.type && !lab.baseline.others.some((other) => other.type === type && other.stayed)) continue;
      lab.tell(`SIGTERM to ${type} as process 1`);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { isFirst: true });
      const { process } = started;
      if (web && type === web.type) {
        if (!(await answers(lab, sandbox, started, web))) continue;
      } else if (await process.until(() => process.end !== undefined, 1_500 * lab.slowness)) continue;
      const at = process.signal("root", "SIGTERM");
      const gone = await process.gone(graceMs * lab.slowness);
      ends.push({ type, ...(gone !== undefined && { tookMs: gone - at }) });
    }
    return { ends, slowness: lab.slowness };
  },

  judge({ ends }) {
    if (ends.length === 0) return inapplicable("no process of the app stays up until it is told to end");
    const findings = ends.flatMap(({ type, tookMs }) =>
      tookMs === undefined
        ? [
            {
              subject: type,
              severity: "warning" as const,
              what: `${type} ignores SIGTERM where it is process 1: it was still there after ${graceMs / 1000} s`,
              control: "it was running and well until then; the signal was sent to it alone",
              fix: {
                text: "install a handler for SIGTERM that ends the program, start it with `exec`, or put an init such as tini in front of it in the image",
              },
            },
          ]
        : [],
    );
    return failOr(
      findings,
      "proven",
      pass(
        `ended as process 1: ${ends.map(({ type }) => type).join(", ")}`,
        `${ends.length} of its process types were process 1 and got the signal`,
      ),
    );
  },
};

import { answers } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly restarts: readonly { readonly killedAfterMs: number; readonly answered: boolean; readonly lines: readonly string[] }[];
}

export const crashRestart: Check<Evidence> = {
  name: "crash-restart",
  factor: "disposability",
  claim: "a sudden death leaves nothing behind that blocks the next start",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“Processes should also be robust against sudden death”",
  method: [
    "A web process is killed with SIGKILL at moments that the seed chooses: while it starts, and after it has answered.",
    "It is started again with the same disk, port and services, and must answer.",
  ],
  guards: [
    "What a backing service needs to recover is its own matter: the services are not touched.",
    "The control is a first start with an empty disk, which answers.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web) return { hasWeb: false, restarts: [] };
    const restarts: Evidence["restarts"][number][] = [];
    const boot = Math.max(50, lab.baseline.startMs);
    const moments = lab.profile === "deep" ? [0.3, 0.6, 0.9, 1.5, 2] : [0.5, 1.5];
    for (const moment of moments) {
      const killedAfterMs = Math.round(boot * moment * (0.8 + 0.4 * lab.chance.fraction()));
      lab.tell(`SIGKILL after ${killedAfterMs} ms`);
      await using sandbox = await lab.sandbox();
      const disk = await sandbox.makeDisk();
      const port = sandbox.freePort();
      {
        await using started = await sandbox.start(web.type, { disk, port });
        if (moment > 1) await answers(lab, sandbox, started, web);
        else await started.process.until(() => false, killedAfterMs);
      }
      await using again = await sandbox.start(web.type, { disk, port });
      const answer = await answers(lab, sandbox, again, web, 20_000);
      restarts.push({ killedAfterMs, answered: answer !== undefined, lines: again.process.lines.slice(-6).map(({ text }) => text) });
    }
    return { hasWeb: true, restarts };
  },

  judge({ hasWeb, restarts }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const failed = restarts.filter(({ answered }) => !answered);
    const [first] = failed;
    const findings = first
      ? [
          {
            subject: "web",
            severity: "error" as const,
            what: `after SIGKILL it does not start again: ${failed.length} of ${restarts.length} starts with the same disk never answered`,
            details: first.lines,
            control: "with an empty disk and the same services it answers",
            fix: {
              text: "do not take a file of an earlier process for a sign that it lives: lock by the kernel (flock), or put no lock, pid or socket file where it survives",
            },
          },
        ]
      : [];
    return failOr(
      findings,
      "proven",
      pass(
        `it started again after ${restarts.length} sudden deaths`,
        `it was killed ${restarts.map(({ killedAfterMs }) => `${killedAfterMs} ms`).join(", ")} after its start, and kept its disk`,
      ),
    );
  },
};

import { answers } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly tookMs: readonly number[];
  readonly allowedMs: number;
  readonly slowness: number;
}

/** Heroku gives up after so long (R10); what a few seconds may at most mean. Milliseconds. */
const bootMs = 60_000;
const fewSecondsMs = 10_000;
const starts = 3;

export const startup: Check<Evidence> = {
  name: "startup",
  factor: "disposability",
  claim: "the app takes seconds from its start until it answers",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“Ideally, a process takes a few seconds from the time the launch command is executed until the process is up and ready”",
  method: [
    "A web process is started in fresh sandboxes, three times after one that does not count.",
    "The time is taken until its first whole answer.",
  ],
  guards: [
    "On a slow machine the bounds are as many times as long.",
    "The release task is run before, and not counted.",
    "`check.startup` in the manifest raises the bound of the warning.",
  ],
  needs: ["sandbox"],
  repeats: 1,

  async observe(lab) {
    const { web } = lab.baseline;
    const allowedMs = lab.subject.hints.startupMs ?? fewSecondsMs;
    if (!web) return { hasWeb: false, tookMs: [], allowedMs, slowness: lab.slowness };
    const tookMs: number[] = [];
    for (let count = 0; count <= starts; count++) {
      lab.tell(`starts it, ${count} of ${starts}`);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(web.type);
      if (!(await answers(lab, sandbox, started, web, 90_000))) continue;
      const took = performance.timeOrigin + performance.now() - started.process.startedAt;
      if (count > 0) tookMs.push(took);
    }
    return { hasWeb: true, tookMs, allowedMs, slowness: lab.slowness };
  },

  judge({ hasWeb, tookMs, allowedMs, slowness }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const sorted = tookMs.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
    const scaled = median / slowness;
    const text = `${(median / 1000).toFixed(1)} s (median of ${sorted.length}; ${sorted.map((each) => (each / 1000).toFixed(1)).join(", ")})`;
    const severity = scaled > bootMs ? ("error" as const) : scaled > allowedMs ? ("warning" as const) : undefined;
    const findings = severity
      ? [
          {
            subject: "web",
            severity,
            what: `from the start to the first answer it takes ${text}`,
            control: "the same build, started several times in fresh sandboxes",
            fix: {
              text: "do work of the build in the build, and load late what the first request does not need; `check: { startup: 20s }` declares another bound",
            },
          },
        ]
      : [];
    return failOr(findings, "proven", pass(`it answers after ${text}`, `${sorted.length} starts in fresh sandboxes were timed`));
  },
};

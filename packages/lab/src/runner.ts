import { Chance } from "./chance.ts";
import { NotReady } from "./experiment.ts";
import type { Lab } from "./lab.ts";
import { machineFailure } from "./machine-failure.ts";
import type { Change } from "./model/change.ts";
import { type AnyCheck, codeOf, idOf, profiles } from "./model/check.ts";
import type { CheckResult, Trial } from "./model/result.ts";
import type { TimelineEvent } from "./model/timeline.ts";
import { type Ruling, unknown } from "./model/verdict.ts";
import { conclude } from "./plan/conclude.ts";
import { tellingLine } from "./plan/telling-line.ts";
import { MigrationFailed } from "./workshop.ts";

/** What a check is run with; made anew for each run, so that no run knows of another. */
export interface Bench {
  readonly lab: Lab;
  /** What happened in its sandboxes. */
  readonly timeline: readonly TimelineEvent[];
}

export interface RunnerOptions {
  readonly seed: string;
  readonly profile: Lab["profile"];
  /** Whether fixes are tried. Default true. */
  readonly tries: boolean;
  makeBench(run: { readonly chance: Chance; readonly change?: Change }): Bench;
}

/** Runs one check as often as it takes to be sure, and tries its fixes. */
export async function runCheck(check: AnyCheck, options: RunnerOptions): Promise<CheckResult> {
  const began = performance.now();
  const runs: { readonly ruling: Ruling; readonly bench: Bench; readonly evidence: unknown; readonly seed: string }[] = [];
  const isDeep = options.profile === "deep";
  const repetition = { fails: check.repeats ?? 3, passes: isDeep ? Math.max(3, check.passes ?? 1) : (check.passes ?? 1) };
  for (;;) {
    const next = conclude(
      runs.map(({ ruling }) => ruling),
      repetition,
    );
    if (next.do === "conclude") {
      const run = runs[next.run];
      if (!run) throw new Error("a conclusion without a run");
      return {
        id: idOf(check),
        code: codeOf(check),
        ruling: next.ruling,
        runs: runs.map(({ ruling }) => ruling.verdict),
        trials: options.tries ? await tryFixes(check, next.ruling, options) : [],
        timeline: run.bench.timeline,
        evidence: run.evidence,
        tookMs: performance.now() - began,
        seed: options.seed,
      };
    }
    const chance = new Chance(options.seed).of(`${idOf(check)}/${runs.length}`);
    const bench = options.makeBench({ chance });
    const { ruling, evidence } = await once(check, bench.lab);
    runs.push({ ruling, bench, evidence, seed: chance.seed });
  }
}

/** The same experiment with each change that a finding proposes. */
async function tryFixes(check: AnyCheck, ruling: Ruling, options: RunnerOptions): Promise<Trial[]> {
  if (ruling.verdict !== "fail") return [];
  const trials: Trial[] = [];
  for (const { subject, fix } of ruling.findings) {
    if (!fix?.change) continue;
    const { change } = fix;
    const earlier = trials.find(({ says }) => says === change.says);
    if (earlier) {
      trials.push({ ...earlier, subject });
      continue;
    }
    const chance = new Chance(options.seed).of(`${idOf(check)}/fix/${change.says}`);
    const { lab } = options.makeBench({ chance, change });
    lab.tell(`tries ${change.says}`);
    const { ruling: with_ } = await once(check, lab);
    const still = with_.verdict === "fail" ? with_.findings.find((each) => each.subject === subject) : undefined;
    const holds = with_.verdict === "pass" || (with_.verdict === "fail" && still === undefined);
    trials.push({ subject, says: change.says, holds, what: still?.what ?? saidOf(with_) });
  }
  return trials;
}

function saidOf(ruling: Ruling): string {
  switch (ruling.verdict) {
    case "pass":
      return ruling.what;
    case "fail":
      return "the finding is gone; others are left";
    case "inapplicable":
    case "unknown":
      return ruling.because;
  }
}

async function once(check: AnyCheck, lab: Lab): Promise<{ ruling: Ruling; evidence: unknown }> {
  for (const need of check.needs) {
    const state = lab.capabilities[need];
    if (!state.there) return { ruling: unknown(reasons[need], state.says, state.add), evidence: undefined };
  }
  try {
    const evidence = await check.observe(lab);
    return { ruling: check.judge(evidence as never), evidence };
  } catch (error) {
    lab.signal.throwIfAborted();
    if (error instanceof MigrationFailed) {
      return {
        ruling: unknown(
          "no-start",
          `${error.message}: ${tellingLine(error.lines) ?? "it said nothing"}`,
          "make the release task work on an empty service",
        ),
        evidence: error.lines,
      };
    }
    if (error instanceof NotReady) {
      return {
        ruling: unknown("no-start", error.message, `look at what it said: ${tellingLine(error.lines) ?? "nothing"}`),
        evidence: error.lines,
      };
    }
    const ruling = machineFailure(error);
    if (ruling) return { ruling, evidence: undefined };
    throw error;
  }
}

const reasons = { sandbox: "no-sandbox", trace: "tool-missing", git: "tool-missing", engines: "no-engine" } as const;

/** Whether a profile holds a check. */
export function isIn(check: Pick<AnyCheck, "profile">, profile: Lab["profile"]): boolean {
  return profiles.indexOf(check.profile) <= profiles.indexOf(profile);
}

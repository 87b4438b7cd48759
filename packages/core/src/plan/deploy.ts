import type { Formation } from "../model/formation.ts";
import { type Instant, later, type ProcessType, type ReleaseVersion } from "../model/ids.ts";
import type { Observed, ObservedProcess, ObservedRelease } from "../model/observed.ts";
import { type Outcome, processName } from "../model/process.ts";
import type { RunName } from "../model/run.ts";
import type { Step } from "./step.ts";

/** What an environment should look like. */
export interface Desired {
  /** The last good release: it serves until another one has proved itself. */
  readonly current?: DesiredRelease;
  /** A release on its way. */
  readonly candidate?: DesiredRelease & { readonly task?: DesiredTask };
  readonly maintenance: boolean;
}

export interface DesiredRelease {
  readonly release: ReleaseVersion;
  readonly formation: Formation;
  /** Processes started before are replaced one by one. A type that is not named: never. */
  readonly freshSince: Readonly<Record<ProcessType, Instant>>;
  /** The same for single processes, by name: `web.1`. */
  readonly freshSlots: Readonly<Record<string, Instant>>;
}

/** The release task: it runs once, before anything of the release is started. */
export interface DesiredTask {
  readonly run: RunName;
  readonly command: string;
  readonly timeoutMs: number;
}

/** What became of the candidate. */
export type Verdict =
  | { readonly kind: "succeeded"; readonly release: ReleaseVersion }
  | {
      readonly kind: "failed";
      readonly release: ReleaseVersion;
      readonly step: "task" | "boot";
      readonly why: string;
      readonly process: string;
    };

export interface Decision {
  readonly steps: readonly Step[];
  readonly verdict?: Verdict;
}

/**
 * Decides what to do next. Looks only at what is, never at what happened: a lost or repeated observation does no harm.
 *
 * The candidate's task runs first; then all its processes are started beside the current release's; when every one of them is
 * ready, the verdict makes it current, and only then do requests move and the former processes drain. Whatever is neither
 * current nor candidate is drained, but never while requests go to it.
 */
export function deploy(desired: Desired, observed: Observed, now: Instant): Decision {
  const steps: Step[] = [];
  if (observed.maintenance !== desired.maintenance) steps.push({ do: "maintain", on: desired.maintenance });
  if (desired.current) {
    steps.push(...scale(desired.current, observed));
    steps.push(...route(desired.current, observed));
  }
  const routedNext = steps.findLast((step) => step.do === "route")?.release;
  const { steps: trial, verdict } = desired.candidate ? tryOut(desired.candidate, observed) : { steps: [], verdict: undefined };
  steps.push(...trial, ...leave(desired, observed, now).filter((step) => step.release !== routedNext));
  return verdict ? { steps, verdict } : { steps };
}

/** Whether each type has as many ready processes as it should. */
export function allReady(wanted: DesiredRelease, observed: Observed): boolean {
  const processes = find(observed, wanted.release)?.processes ?? [];
  return Object.entries(wanted.formation).every(([type, count]) => readySlots(processes, type as ProcessType) >= count);
}

function tryOut(candidate: DesiredRelease & { readonly task?: DesiredTask }, observed: Observed): Decision {
  if (candidate.task) {
    const { run, command, timeoutMs } = candidate.task;
    const seen = observed.runs.find((each) => each.name === run);
    if (!seen) return { steps: [{ do: "run-once", release: candidate.release, run, command, timeoutMs }] };
    if (seen.phase === "running") return { steps: [] };
    const why = seen.timedOut ? `it did not end within ${timeoutMs / 1000} s` : (seen.why ?? failure(seen.outcome));
    if (why) return { steps: [], verdict: { kind: "failed", release: candidate.release, step: "task", why, process: run } };
  }
  const steps = scale(candidate, observed);
  const processes = find(observed, candidate.release)?.processes ?? [];
  const fallen = processes.find((process) => process.last !== undefined);
  if (fallen?.last) {
    const process = processName(fallen.slot);
    const why =
      fallen.last.stopped === "boot-timeout"
        ? "it was not ready in time"
        : (fallen.last.why ?? failure(fallen.last.outcome) ?? "it exited with status 0, but it should stay up");
    return { steps, verdict: { kind: "failed", release: candidate.release, step: "boot", why, process } };
  }
  if (steps.length > 0 || !allReady(candidate, observed)) return { steps };
  return { steps, verdict: { kind: "succeeded", release: candidate.release } };
}

function scale(wanted: DesiredRelease, observed: Observed): Step[] {
  const seen = find(observed, wanted.release)?.scale;
  const types = new Set([...Object.keys(wanted.formation), ...Object.keys(seen ?? {})] as ProcessType[]);
  const steps: Step[] = [];
  for (const process of types) {
    const count = wanted.formation[process] ?? 0;
    const freshSince = wanted.freshSince[process] ?? (0 as Instant);
    const freshSlots = slotsOf(process, wanted.freshSlots);
    const is = seen?.[process];
    const same = is && is.count === count && is.freshSince === freshSince && equal(is.freshSlots, freshSlots);
    if (!same) steps.push({ do: "scale", release: wanted.release, process, count, freshSince, freshSlots });
  }
  return steps;
}

/** Requests go to the current release, but after a crash of the engine only when nothing older still serves better. */
function route(current: DesiredRelease, observed: Observed): Step[] {
  if (observed.routed === current.release) return [];
  const serving = observed.releases.filter(
    (each) => each.release !== current.release && each.processes.some((process) => process.phase === "ready"),
  );
  if (allReady(current, observed) || serving.length === 0) return [{ do: "route", release: current.release }];
  if (observed.routed !== undefined) return [];
  const latest = serving.reduce((a, b) => (a.release > b.release ? a : b));
  return [{ do: "route", release: latest.release }];
}

function leave(desired: Desired, observed: Observed, now: Instant): Extract<Step, { do: "drain" | "retire" }>[] {
  const steps: Extract<Step, { do: "drain" | "retire" }>[] = [];
  for (const { release, draining, processes } of observed.releases) {
    const wanted = release === desired.current?.release || release === desired.candidate?.release;
    if (wanted || release === observed.routed) continue;
    if (processes.length === 0) steps.push({ do: "retire", release });
    else if (!draining) steps.push({ do: "drain", release, deadline: later(now, longestGraceMs) });
  }
  return steps;
}

/** The driver ends each process at its own type's grace, or when it is no longer busy, which is at most this. */
const longestGraceMs = 86_400_000;

function readySlots(processes: readonly ObservedProcess[], type: ProcessType): number {
  return new Set(
    processes.filter((process) => process.phase === "ready" && process.slot.process === type).map((process) => process.slot.index),
  ).size;
}

function find(observed: Observed, release: ReleaseVersion): ObservedRelease | undefined {
  return observed.releases.find((each) => each.release === release);
}

function failure(outcome: Outcome): string | undefined {
  switch (outcome.by) {
    case "exit":
      if (outcome.code === 78) return "it exited with status 78: its configuration is wrong";
      return outcome.code === 0 ? undefined : `it exited with status ${outcome.code}`;
    case "signal":
      return `it was killed by ${outcome.signal}`;
    case "unknown":
      return "it ended without anyone seeing how";
  }
}

function slotsOf(process: ProcessType, freshSlots: Readonly<Record<string, Instant>>): Record<number, Instant> {
  const own: Record<number, Instant> = {};
  for (const [name, at] of Object.entries(freshSlots)) {
    const dot = name.lastIndexOf(".");
    if (name.slice(0, dot) === process) own[Number(name.slice(dot + 1))] = at;
  }
  return own;
}

function equal(a: Readonly<Record<number, Instant>>, b: Readonly<Record<number, Instant>>): boolean {
  const keys = Object.keys({ ...a, ...b }).map(Number);
  return keys.every((key) => a[key] === b[key]);
}

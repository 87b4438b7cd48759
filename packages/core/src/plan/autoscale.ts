import type { Autoscale } from "../model/autoscale.ts";
import type { Instant } from "../model/ids.ts";

/** Within it of the wanted value nothing changes, as with Kubernetes' autoscaler. */
const tolerance = 0.1;
const second = 1_000;
/** How fast the count may rise and fall: of several policies, the one that allows the most counts. */
const upPolicies: readonly Policy[] = [
  { kind: "percent", value: 100, periodMs: 15 * second },
  { kind: "count", value: 4, periodMs: 15 * second },
];
const downPolicies: readonly Policy[] = [{ kind: "percent", value: 50, periodMs: 60 * second }];

interface Policy {
  readonly kind: "percent" | "count";
  readonly value: number;
  readonly periodMs: number;
}

export interface ScalingSeen {
  readonly declared: Autoscale;
  /** How many are wanted now. */
  readonly count: number;
  /** Cores that one process counts on: 100 % of `cpuPercent`. */
  readonly cores: number;
  readonly processes: readonly {
    readonly ready: boolean;
    /** Cores it used of late. Absent: not known yet. */
    readonly cores?: number;
  }[];
  /** The sum that the app exposes. Absent: it could not be read. */
  readonly metric?: number;
}

/** What an autoscaler remembers from one look to the next. */
export interface ScalingPast {
  readonly asked: readonly { readonly at: Instant; readonly count: number }[];
  readonly changes: readonly { readonly at: Instant; readonly by: number }[];
}

export interface Scaling {
  readonly count: number;
  readonly past: ScalingPast;
  /** For people: `cpu 93 % of 70 %, so 4; held at 3: no more than 100 % or 4 more in 15 s`. */
  readonly why: string;
}

export const noPast: ScalingPast = { asked: [], changes: [] };

/**
 * How many processes should run, as Kubernetes' HorizontalPodAutoscaler (`autoscaling/v2`) would have it: the ratio of what is to what is
 * wanted, a tolerance of a tenth, windows in which the most cautious answer holds, and a bounded pace. A type that was set to
 * none is left there.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
 */
export function autoscale(seen: ScalingSeen, past: ScalingPast, now: Instant): Scaling {
  const { declared, count } = seen;
  const { min, max } = declared;
  if (count === 0) return { count, past, why: "it was set to none: `douze scale` sets it going again" };
  if (count < min) return moved(past, count, min, now, `at least ${min} are declared`);
  if (count > max) return moved(past, count, max, now, `at most ${max} are declared`);
  const proposals = [byCpu(seen), byMetric(seen)].filter((each) => each !== undefined);
  const known = proposals.flatMap(({ count: asked, text }) => (asked === undefined ? [] : [{ asked, text }]));
  const texts = proposals.map(({ text }) => text).join("; ");
  const most = Math.max(0, ...known.map(({ asked }) => asked));
  // What cannot be measured might ask for more: without it, nothing is taken away.
  const blind = known.length < proposals.length && most < count;
  const asked = blind || known.length === 0 ? count : most;
  const kept = { ...past, asked: [...past.asked, { at: now, count: asked }] };
  const steady = stabilized(declared, count, kept.asked, now);
  const paced = inPace(steady.count, count, kept.changes, now);
  const bounded = Math.min(max, Math.max(min, paced.count));
  const limit =
    bounded === paced.count ? [] : [`held at ${bounded}: ${bounded === max ? `at most ${max}` : `at least ${min}`} are declared`];
  const why = [texts, ...(blind ? ["fewer only when all is known"] : []), ...steady.why, ...paced.why, ...limit].join("; ");
  return moved(kept, count, bounded, now, why, declared);
}

function moved(past: ScalingPast, from: number, to: number, now: Instant, why: string, declared?: Autoscale): Scaling {
  const changes = to === from ? past.changes : [...past.changes, { at: now, by: to - from }];
  const longest = Math.max(declared?.upMs ?? 0, declared?.downMs ?? 0);
  const within = (ms: number) => (each: { readonly at: Instant }) => now - each.at <= ms && each.at <= now;
  const periods = Math.max(...[...upPolicies, ...downPolicies].map(({ periodMs }) => periodMs));
  return { count: to, why, past: { asked: past.asked.filter(within(longest)), changes: changes.filter(within(periods)) } };
}

interface Proposal {
  readonly text: string;
  /** Absent: not to be told. */
  readonly count: number | undefined;
}

function byCpu({ declared, count, cores, processes }: ScalingSeen): Proposal | undefined {
  const { cpuPercent } = declared;
  if (cpuPercent === undefined) return undefined;
  const wanted = cpuPercent / 100;
  const measured = processes.flatMap((each) => (each.ready && each.cores !== undefined ? [each.cores / cores] : []));
  const text = (ratio: number): string => `cpu ${Math.round(ratio * cpuPercent)} % of ${cpuPercent} %`;
  if (measured.length === 0) return { text: "cpu not measured yet", count: undefined };
  const used = measured.reduce((sum, each) => sum + each, 0);
  const ratio = used / measured.length / wanted;
  const missing = processes.filter((each) => each.ready && each.cores === undefined).length;
  const unready = processes.filter((each) => !each.ready).length;
  // Who is not known is taken to make the change smaller: idle where more are asked for, wholly used where fewer are.
  const ignored = ratio > 1 ? missing + unready : missing;
  const assumed = ratio < 1 ? missing * Math.max(1, wanted) : 0;
  const careful = (used + assumed) / (measured.length + ignored) / wanted;
  const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (turned || near(careful)) return { text: text(ratio), count };
  const asked = Math.ceil(round(careful * (measured.length + ignored)));
  const against = (careful < 1 && asked > count) || (careful > 1 && asked < count);
  return { text: `${text(ratio)}, so ${against ? count : asked}`, count: against ? count : asked };
}

function byMetric({ declared, count, metric }: ScalingSeen): Proposal | undefined {
  if (declared.metric === undefined) return undefined;
  const { name, path, target } = declared.metric;
  const label = name ?? path;
  if (metric === undefined) return { text: `${label} could not be read`, count: undefined };
  const text = `${label} ${metric}, ${target} for each`;
  if (near(metric / (target * count))) return { text, count };
  const asked = Math.ceil(round(metric / target));
  return { text: `${text}, so ${asked}`, count: asked };
}

/** Of all that was asked for within a window the most cautious: the least on the way up, the most on the way down. */
function stabilized(
  { upMs, downMs }: Autoscale,
  count: number,
  asked: ScalingPast["asked"],
  now: Instant,
): { readonly count: number; readonly why: readonly string[] } {
  const latest = asked.at(-1)?.count ?? count;
  // What a clock that was set back has yet to reach says nothing of the past.
  const within = (ms: number): number[] => asked.flatMap(({ at, count: each }) => (now - at < ms && at <= now ? [each] : []));
  const up = Math.min(latest, ...within(upMs));
  const down = Math.max(latest, ...within(downMs));
  const steady = count < up ? up : Math.min(count, down);
  if (steady === latest) return { count: steady, why: [] };
  const window = latest > count ? upMs : downMs;
  return { count: steady, why: [`held at ${steady}: ${latest > count ? "fewer" : "more"} were asked for within ${window / second} s`] };
}

function inPace(
  asked: number,
  count: number,
  changes: ScalingPast["changes"],
  now: Instant,
): { readonly count: number; readonly why: readonly string[] } {
  if (asked === count) return { count, why: [] };
  const up = asked > count;
  const limits = (up ? upPolicies : downPolicies).map(({ kind, value, periodMs }) => {
    const within = changes.filter(({ at }) => now - at < periodMs && at <= now);
    const start = count - within.reduce((sum, { by }) => sum + by, 0);
    const share = up ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
    return kind === "percent" ? share : start + (up ? value : -value);
  });
  const limit = up ? Math.max(count, ...limits) : Math.min(count, ...limits);
  const held = up ? Math.min(asked, limit) : Math.max(asked, limit);
  if (held === asked) return { count: asked, why: [] };
  return { count: held, why: [`held at ${held}: ${up ? "no more than twice as many, or 4 more, in 15 s" : "no fewer than half in 60 s"}`] };
}

function near(ratio: number): boolean {
  return round(Math.abs(ratio - 1)) <= tolerance;
}

/** 0.1 + 0.2 asks for no fourth process of three tenths. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}

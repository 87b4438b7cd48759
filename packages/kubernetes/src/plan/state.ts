import { type Instant, Problem, type ProcessType, type ReleaseVersion } from "@douze/core";
import * as z from "zod/mini";

/** What was asked of one process type of a release. */
export interface Asked {
  readonly count: number;
  readonly freshSince: Instant;
  /** By index. */
  readonly freshSlots: Readonly<Record<number, Instant>>;
}

/** What the steps so far have asked for: kept in the cluster, since whoever takes the next one may sit at another machine. */
export interface TargetState {
  /** By number of the release. */
  readonly asked: Readonly<Record<string, Readonly<Record<ProcessType, Asked>>>>;
  readonly draining: readonly ReleaseVersion[];
  /** The release that requests go to. */
  readonly routed?: ReleaseVersion;
  readonly maintenance: boolean;
}

export const noState: TargetState = { asked: {}, draining: [], maintenance: false };

/** As it is written. */
export const stateShape: z.ZodMiniType = z.object({
  asked: z.record(
    z.string(),
    z.record(z.string(), z.object({ count: z.number(), freshSince: z.number(), freshSlots: z.record(z.string(), z.number()) })),
  ),
  draining: z.array(z.number()),
  routed: z.optional(z.number()),
  maintenance: z.boolean(),
});

/** @throws Problem ledger-unreadable - somebody has changed it into something else */
export function readState(text: string, place: string): TargetState {
  const result = stateShape.safeParse(jsonOf(text));
  // The names and instants in it were checked when they were asked for.
  if (result.success) return result.data as unknown as TargetState;
  throw new Problem({
    code: "ledger-unreadable",
    what: `${place} cannot be read`,
    why: "its `state` is not what Douze wrote there",
    fix: "put the former content back; it says which release serves and how many of each process run",
    places: [],
  });
}

/** @returns nothing for what is no JSON */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The release whose pods the cluster should run: one on trial, which replaces the pods of the one that serves a few at a time; without
 * one, the one that serves.
 */
export function carried({ asked, draining, routed }: TargetState): ReleaseVersion | undefined {
  const trials = Object.keys(asked)
    .map((each) => Number(each) as ReleaseVersion)
    .filter((each) => each !== routed && !draining.includes(each) && (routed === undefined || each > routed));
  return trials.length > 0 ? (Math.max(...trials) as ReleaseVersion) : routed;
}

export function withAsked(state: TargetState, release: ReleaseVersion, type: ProcessType, asked: Asked): TargetState {
  const draining = state.draining.filter((each) => each !== release);
  return { ...state, draining, asked: { ...state.asked, [release]: { ...state.asked[release], [type]: asked } } };
}

export function withoutRelease(state: TargetState, release: ReleaseVersion): TargetState {
  const asked = Object.fromEntries(Object.entries(state.asked).filter(([version]) => Number(version) !== release));
  return { ...state, asked, draining: state.draining.filter((each) => each !== release) };
}

export function withDraining(state: TargetState, release: ReleaseVersion): TargetState {
  return { ...state, draining: [...state.draining.filter((each) => each !== release), release] };
}

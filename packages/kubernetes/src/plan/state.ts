import { type Instant, Problem, type ProcessType, type Release, type ReleaseVersion } from "@douze/core";
import * as z from "zod/mini";
import type { RenderIn } from "./render.ts";

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
  return stored<TargetState>(stateShape, text, {
    what: `${place} cannot be read`,
    why: "its `state` is not what Douze wrote there",
    fix: "put the former content back; it says which release serves and how many of each process run",
  });
}

/**
 * What was written as JSON. Names, numbers and instants in it were checked when they were written.
 *
 * @throws Problem ledger-unreadable - it is of another shape now
 */
export function stored<T>(
  shape: z.ZodMiniType,
  text: string,
  told: { readonly what: string; readonly why: string; readonly fix: string },
): T {
  const result = shape.safeParse(jsonOf(text));
  if (result.success) return result.data as T;
  throw new Problem({ code: "ledger-unreadable", ...told });
}

function jsonOf(text: string): unknown {
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

/** A release with the numbers that were asked for, and which processes of it are replaced. */
export function asAsked(release: Release, { asked }: Pick<TargetState, "asked">): Pick<RenderIn, "release" | "freshSince"> {
  const own = Object.entries(asked[release.version] ?? {});
  return {
    release: { ...release, formation: { ...release.formation, ...Object.fromEntries(own.map(([type, { count }]) => [type, count])) } },
    freshSince: Object.fromEntries(own.map(([type, { freshSince }]) => [type, freshSince])),
  };
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

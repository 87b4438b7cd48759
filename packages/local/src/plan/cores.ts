import type { Instant } from "@douze/core";

/** CPU time that a process had by a moment, in milliseconds. */
export interface CpuSample {
  readonly at: Instant;
  readonly cpuMs: number;
}

const windowMs = 15_000;
/** Over less than this, a number says little. */
const shortestMs = windowMs / 3;

/** Adds a sample and drops those that no number needs any more. */
export function sampled(samples: readonly CpuSample[], sample: CpuSample): readonly CpuSample[] {
  // A clock that was set back: what was measured before cannot be compared.
  const kept = samples.filter(({ at, cpuMs }) => at < sample.at && sample.at - at <= windowMs && cpuMs <= sample.cpuMs);
  return [...kept, sample];
}

/** Cores used on average over the window. Absent: not measured for long enough. */
export function coresOf(samples: readonly CpuSample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < shortestMs) return undefined;
  return (last.cpuMs - first.cpuMs) / (last.at - first.at);
}

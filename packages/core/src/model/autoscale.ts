import type { ProcessType } from "./ids.ts";

/** How the number of processes of a type follows its load. */
export interface Autoscale {
  /** At least 1: nobody would see the load that asks for the first. */
  readonly min: number;
  readonly max: number;
  /** Wanted CPU time on average, in per cent of the type's `cpu`. */
  readonly cpuPercent?: number;
  /** A number that the app exposes. With `cpuPercent`, whichever asks for more counts. */
  readonly metric?: ScalingMetric;
  /** Milliseconds in which the lowest count that was asked for holds before more are started. Default 0. */
  readonly upMs: number;
  /** Milliseconds in which the highest count that was asked for holds before fewer run. Default five minutes. */
  readonly downMs: number;
}

export interface ScalingMetric {
  /** The type that is asked, by its port; any one of its processes that are ready. */
  readonly process: ProcessType;
  /** Answers a number alone, or Prometheus' text format. */
  readonly path: string;
  /** Name of the metric in that format; its samples are added up. Absent: the answer is a number alone. */
  readonly name?: string;
  /** How much of it one process of the scaled type should have to do. */
  readonly target: number;
}

/**
 * Reads what an app answers.
 *
 * @returns nothing where there is no such number
 */
export function readMetric(text: string, name: string | undefined): number | undefined {
  if (name === undefined) return numberOf(text.trim());
  let sum: number | undefined;
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/.exec(line);
    if (match?.[1] !== name) continue;
    const value = numberOf(match[2] ?? "");
    if (value === undefined) return undefined;
    sum = (sum ?? 0) + value;
  }
  return sum;
}

function numberOf(text: string): number | undefined {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

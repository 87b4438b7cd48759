import * as z from "zod";

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const sizePattern = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)$/;

/** `500ms`, `30s`, `5m`, `1h`, `7d`, as milliseconds. Numbers without a unit are refused: nobody remembers which it was. */
export function durationMs(text: string): number | undefined {
  const match = durationPattern.exec(text);
  return match ? Math.round(Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits]) : undefined;
}

/** `512MiB`, `1GB`, as bytes. */
export function sizeBytes(text: string): number | undefined {
  const match = sizePattern.exec(text);
  return match ? Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits]) : undefined;
}

/**
 * A length of time in a file.
 *
 * @param most - milliseconds
 */
export function duration(description: string, most: number): z.ZodType<number, string> {
  return z
    .string({ error: "a length of time with its unit, such as `30s` or `5m`" })
    .regex(durationPattern, { error: "a length of time with its unit, such as `30s` or `5m`" })
    .meta({ description })
    .transform((text) => durationMs(text) ?? 0)
    .refine((ms) => ms > 0 && ms <= most, { error: `more than nothing and at most ${durationText(most)}` });
}

export function size(description: string): z.ZodType<number, string> {
  return z
    .string({ error: "a size with its unit, such as `512MiB`" })
    .regex(sizePattern, { error: "a size with its unit, such as `512MiB`" })
    .meta({ description })
    .transform((text) => sizeBytes(text) ?? 0);
}

/** In the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    if (ms >= durationUnits[unit] && ms % durationUnits[unit] === 0) return `${ms / durationUnits[unit]}${unit}`;
  }
  return `${ms}ms`;
}

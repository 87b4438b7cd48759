import * as z from "zod";
import { durationMs, durationPattern, durationText, sizeBytes, sizePattern } from "./units.ts";

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

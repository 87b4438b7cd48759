import * as z from "zod";
import { durationMs, durationPattern, durationText, sizeBytes, sizePattern } from "./units.ts";

/**
 * A length of time in a file.
 *
 * @param most - milliseconds
 */
export function duration(description: string, most: number): z.ZodType<number, string> {
  return z
    .string({ error: ({ input }) => durationAdvice(input) })
    .regex(durationPattern, { error: ({ input }) => durationAdvice(input) })
    .meta({ description })
    .transform((text) => durationMs(text) ?? 0)
    .refine((ms) => ms > 0 && ms <= most, { error: `a length of time above nothing and at most ${durationText(most)}` });
}

/** At least a mebibyte: less is a slip of the unit. */
export function size(description: string): z.ZodType<number, string> {
  return z
    .string({ error: ({ input }) => sizeAdvice(input) })
    .regex(sizePattern, { error: ({ input }) => sizeAdvice(input) })
    .meta({ description })
    .transform((text) => sizeBytes(text) ?? 0)
    .refine((bytes) => bytes >= 2 ** 20, { error: "a size of at least `1MiB`" });
}

/** What people write for each unit. */
const durationWords = {
  ms: ["msec", "msecs", "millisecond", "milliseconds"],
  s: ["sec", "secs", "second", "seconds"],
  m: ["min", "mins", "minute", "minutes"],
  h: ["hr", "hrs", "hour", "hours"],
  d: ["day", "days"],
};

function durationAdvice(input: unknown): string {
  const expected = "a length of time with its unit, such as `30s` or `5m`";
  if (typeof input === "number" || (typeof input === "string" && /^\d+$/.test(input)))
    return `${expected}: write \`${input}s\` for seconds, \`${input}ms\` for milliseconds`;
  if (typeof input !== "string") return expected;
  const parts = [...input.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)[\s,]*/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== input.toLowerCase()) return expected;
  const total = parts.reduce((sum, [, number, unit = ""]) => sum + (durationMs(`${number}${durationUnit(unit)}`) ?? Number.NaN), 0);
  return Number.isNaN(total) ? expected : `${expected}: write \`${durationText(total)}\``;
}

function durationUnit(word: string): string {
  return Object.entries(durationWords).find(([, words]) => words.includes(word))?.[0] ?? word;
}

function sizeAdvice(input: unknown): string {
  const expected = "a size with its unit, such as `512MiB`";
  if (typeof input === "number" || (typeof input === "string" && /^\d+$/.test(input)))
    return `${expected}: write \`${input}MiB\` for mebibytes`;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmg])(i?b|i)?$/i.exec(String(input)) ?? [];
  return number && unit ? `${expected}: write \`${number}${unit.toUpperCase()}iB\`` : expected;
}

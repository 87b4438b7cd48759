import * as z from "zod";
import { nearest } from "./nearest.ts";

// The smallest parts, which the schemas of several files share.

export const scalar: z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean]> = z.union([z.string(), z.number(), z.boolean()], {
  error: 'a text (`""` for an empty one), a number, or true or false',
});

export const flag: z.ZodBoolean = z.boolean({ error: "true or false" });

/** How many processes. */
export const count: z.ZodInt = z
  .int({ error: "a whole number" })
  .min(0, { error: "a whole number from 0" })
  .max(1000, { error: "at most 1000" });

/** What one of several words should be, and which was probably meant. */
export function oneOf(words: readonly string[]): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => {
    const meant = typeof input === "string" ? nearest(input, words) : undefined;
    return `one of ${words.join(", ")}${meant ? `: did you mean \`${meant}\`?` : ""}`;
  };
}

/**
 * A text that a check of ours finds nothing wrong with.
 *
 * @param words - what is expected, for what is no text at all
 */
export function flawless(flaw: (text: string) => string | undefined, words: string): z.ZodString {
  return z.string({ error: words }).superRefine((text, context) => {
    const message = flaw(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

import { goRegexp } from "./go-regexp.ts";

/** The rules by which a file says what of it is encrypted; one of them stands in it at most. */
export const selectors = [
  "unencrypted_suffix",
  "encrypted_suffix",
  "unencrypted_regex",
  "encrypted_regex",
  "unencrypted_comment_regex",
  "encrypted_comment_regex",
] as const;

export type Selector = (typeof selectors)[number];

/**
 * Whether what stands at a path is encrypted. Rules by comment give undefined: there, what is encrypted is what looks so. A value that
 * looks so and verifies was written by someone with the key, and the MAC covers the rest.
 */
export type Selection = (path: readonly string[]) => boolean | undefined;

/**
 * @param selector - without one, the suffix `_unencrypted` holds
 * @throws SyntaxError - the expression cannot be read
 */
export function selection(selector: Selector = "unencrypted_suffix", text = "_unencrypted"): Selection {
  switch (selector) {
    case "unencrypted_suffix":
      return (path) => !path.some((key) => key.endsWith(text));
    case "encrypted_suffix":
      return (path) => path.some((key) => key.endsWith(text));
    case "unencrypted_regex":
    case "encrypted_regex": {
      const expression = goRegexp(text);
      const wanted = selector === "encrypted_regex";
      return (path) => path.some((key) => expression.test(key)) === wanted;
    }
    case "unencrypted_comment_regex":
    case "encrypted_comment_regex":
      return () => undefined;
  }
}

import { tampered } from "../problems.ts";
import type { Comment } from "../yaml/comments.ts";
import { plainText } from "../yaml/plain.ts";
import { boundTo, decrypt, looksEncrypted } from "./cipher.ts";
import type { Opened } from "./opened.ts";

/**
 * A comment that is encrypted, and what it is bound to. Which map a comment belongs to is a matter of taste among YAML readers, so
 * each map of the file is tried.
 *
 * @returns undefined for one that stands in clear
 * @throws Problem secrets-tampered
 */
export function openComment(
  { text, start }: Comment,
  { tree, dataKey }: Pick<Opened, "tree" | "dataKey">,
): { text: string; bound: string } | undefined {
  if (!looksEncrypted(text)) return undefined;
  const paths = [["secrets"], ...tree.maps, ...tree.leaves.map(({ path }) => path)];
  for (const bound of new Set(paths.map(boundTo))) {
    const value = decrypt(text, dataKey, bound);
    const clear = value && plainText(value);
    if (clear !== undefined) return { text: clear, bound };
  }
  throw tampered(tree.file, "a comment", "it was changed, or moved here from another file", tree.place(start));
}

import type { Identity } from "../identity.ts";
import { inClear, tampered } from "../problems.ts";
import type { Plain } from "../yaml/plain.ts";
import { splice } from "../yaml/splice.ts";
import { type Leaf, type Tree, tree } from "../yaml/tree.ts";
import { boundTo, decrypt, looksEncrypted } from "./cipher.ts";
import { unwrap } from "./data-key.ts";
import { digest, macFits, sealMac } from "./mac.ts";
import { type Metadata, metadata } from "./metadata.ts";

/** A file of sops, decrypted in memory. */
export interface Opened {
  readonly tree: Tree;
  readonly metadata: Metadata;
  readonly dataKey: Buffer;
  readonly leaves: readonly OpenLeaf[];
}

export interface OpenLeaf {
  readonly leaf: Leaf;
  readonly encrypted: boolean;
  /** `null` is YAML's own null, which sops leaves alone. */
  readonly plain: Plain | null;
}

/**
 * Opens a file and verifies it.
 *
 * @throws Problem secrets-key-missing, secrets-key-wrong, secrets-tampered, secrets-in-clear
 */
export async function opened(tree: Tree, metadata: Metadata, identities: readonly Identity[]): Promise<Opened> {
  const dataKey = await unwrap(metadata, tree, identities);
  const leaves = openLeaves(tree, metadata, dataKey);
  if (!macFits(digest(leaves, metadata.macOnlyEncrypted), metadata, dataKey)) {
    const covered = metadata.macOnlyEncrypted ? "an encrypted value" : "a value";
    throw tampered(
      tree.file,
      "sops:mac",
      `${covered}, \`lastmodified\` or the MAC itself was changed, removed or moved since`,
      tree.place(metadata.mac.start),
    );
  }
  return { tree, metadata, dataKey, leaves };
}

function openLeaves(tree: Tree, { selection }: Metadata, dataKey: Buffer): OpenLeaf[] {
  return tree.leaves.map((leaf) => {
    const encrypted = selection(leaf.path) ?? looksEncrypted(leaf.text);
    if (!encrypted || leaf.value === null) return { leaf, encrypted, plain: leaf.value };
    if (leaf.value.type !== "str" || (leaf.text !== "" && !looksEncrypted(leaf.text))) {
      const key = leaf.path.at(-1) ?? "";
      throw inClear(tree.file, leaf.label, `take the line out, then \`douze secrets set ${key}\``, tree.place(leaf.start));
    }
    const plain = decrypt(leaf.text, dataKey, boundTo(leaf.path));
    if (plain === undefined)
      throw tampered(tree.file, leaf.label, "the value was changed, or moved here from another key or file", tree.place(leaf.start));
    return { leaf, encrypted, plain };
  });
}

/**
 * A changed text with its MAC made anew. What is encrypted in it is decrypted once more on the way, so a text that comes out of here opens.
 */
export function signed(text: string, file: string, dataKey: Buffer, lastModified: string): string {
  const after = tree(text, file);
  const about = metadata(after);
  if (about === undefined) throw new Error("a text to be signed has metadata");
  const mac = sealMac(digest(openLeaves(after, about, dataKey), about.macOnlyEncrypted), lastModified, dataKey);
  return splice(text, [
    { ...about.lastModified, text: `"${lastModified}"` },
    { ...about.mac, text: about.mac.quoted ? `"${mac}"` : mac },
  ]);
}

import type { Identity } from "./identity.ts";
import { inClear, malformed } from "./problems.ts";
import { checkFlat, secretValues } from "./secret-values.ts";
import { looksEncrypted } from "./sops/cipher.ts";
import { metadata } from "./sops/metadata.ts";
import { opened } from "./sops/opened.ts";
import { type Tree, tree } from "./yaml/tree.ts";

export interface Secrets {
  /** Text by key. Numbers and booleans are given as their text, a null as the empty text. */
  readonly secrets: Record<string, string>;
  /** Who can open the file; none for a file without secrets. */
  readonly recipients: readonly string[];
}

/**
 * Decrypts the secrets of an inventory in memory, and verifies that nobody without the key has changed what the file's MAC covers.
 *
 * @param file - for messages
 * @throws Problem secrets-key-missing - there are no identities
 * @throws Problem secrets-key-wrong - none of them is meant
 * @throws Problem secrets-tampered - the MAC or a value does not verify
 * @throws Problem secrets-in-clear - a secret is not encrypted
 * @throws Problem secrets-malformed - no YAML, not as sops writes it, or a secret that is no text
 * @throws Problem secrets-not-age - encrypted to keys of other kinds alone
 */
export async function openSecrets(text: string, file: string, identities: readonly Identity[]): Promise<Secrets> {
  const whole = tree(text, file);
  const about = metadata(whole);
  if (about === undefined) {
    refuseClear(whole);
    return { secrets: {}, recipients: [] };
  }
  const { leaves } = await opened(whole, about, identities);
  const elsewhere = leaves.find(
    ({ leaf, encrypted, plain }) => encrypted && plain !== null && leaf.text !== "" && leaf.path[0] !== "secrets",
  );
  if (elsewhere) throw encryptedElsewhere(whole, elsewhere.leaf.label, elsewhere.leaf.start);
  const values = secretValues(whole, leaves);
  return {
    secrets: Object.fromEntries([...values].map(([key, { text: value }]) => [key, value])),
    recipients: about.keys.map(({ recipient }) => recipient),
  };
}

/** What can be told of a file's secrets without a key. Nothing is verified. */
export interface SecretNames {
  readonly names: readonly string[];
  readonly recipients: readonly string[];
}

/** @throws Problem secrets-malformed, secrets-in-clear, secrets-not-age */
export function secretNames(text: string, file: string): SecretNames {
  const whole = tree(text, file);
  const about = metadata(whole);
  if (about === undefined) refuseClear(whole);
  checkFlat(whole);
  const names = whole.leaves.filter(({ path }) => path[0] === "secrets" && path.length === 2).map(({ path }) => path[1] ?? "");
  return { names, recipients: about?.keys.map(({ recipient }) => recipient) ?? [] };
}

/** In a file without metadata. */
export function refuseClear({ leaves, file, place }: Tree): void {
  const secret = leaves.find(({ path, value }) => path[0] === "secrets" && value !== null);
  if (secret === undefined) return;
  if (looksEncrypted(secret.text)) throw orphaned(file, secret.label, place(secret.start));
  throw inClear(file, secret.label, "run `douze secrets init` to encrypt them", place(secret.start));
}

function orphaned(file: string, label: string, where: ReturnType<Tree["place"]>): Error {
  const why = `\`${label}\` is encrypted, but the file has no \`sops:\` with the key`;
  return malformed(file, why, "take the file back from version control, with its part `sops:`", where);
}

function encryptedElsewhere({ file, place }: Tree, label: string, offset: number): Error {
  const why = `\`${label}\` is encrypted, and only what is under \`secrets:\` may be`;
  return malformed(file, why, `decrypt it (\`sops decrypt -i ${file}\`), then \`douze secrets init\``, place(offset));
}

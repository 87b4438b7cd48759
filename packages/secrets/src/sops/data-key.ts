import { randomBytes } from "node:crypto";
import type { Identity } from "../identity.ts";
import { badRecipient, keyMissing, keyWrong, malformed, tampered } from "../problems.ts";
import type { Tree } from "../yaml/tree.ts";
import { ageDecrypt, ageEncrypt } from "./age.ts";
import type { Metadata } from "./metadata.ts";
import type { Wrapped } from "./render.ts";

/** The key that encrypts the values of a file. */
export function newDataKey(): Buffer {
  return randomBytes(dataKeyBytes);
}

const dataKeyBytes = 32;

/**
 * One copy of the data key for each recipient.
 *
 * @throws Problem secrets-recipient-invalid, secrets-key-missing - no recipient
 */
export async function wrap(dataKey: Buffer, recipients: readonly string[], file: string): Promise<Wrapped[]> {
  if (recipients.length === 0) throw keyMissing(file);
  const keys: Wrapped[] = [];
  for (const recipient of new Set(recipients.map((each) => each.trim()))) {
    if (!recipient.startsWith("age1")) throw badRecipient(recipient);
    keys.push({ recipient, wrapped: await ageEncrypt(dataKey, [recipient]) });
  }
  return keys;
}

/** @throws Problem secrets-key-missing, secrets-key-wrong, secrets-tampered, secrets-malformed */
export async function unwrap({ keys }: Metadata, tree: Tree, identities: readonly Identity[]): Promise<Buffer> {
  if (identities.length === 0) throw keyMissing(tree.file);
  const ours = new Set(identities.map(({ recipient }) => recipient));
  // Those addressed to us first; then all, for a recipient's name is not covered by anything.
  const ordered = [...keys.filter(({ recipient }) => ours.has(recipient)), ...keys.filter(({ recipient }) => !ours.has(recipient))];
  let damaged: (typeof keys)[number] | undefined;
  for (const key of ordered) {
    const outcome = await ageDecrypt(key.wrapped, identities);
    if (typeof outcome === "string") {
      if (ours.has(key.recipient)) damaged ??= key;
      continue;
    }
    if (outcome.plain.length === dataKeyBytes) return outcome.plain;
    throw malformed(
      tree.file,
      `the data key in \`${key.label}\` has not ${dataKeyBytes} bytes`,
      "take the file back from version control",
      tree.place(key.offset),
    );
  }
  if (damaged)
    throw tampered(tree.file, damaged.label, "the copy of its data key that is meant for us does not open", tree.place(damaged.offset));
  throw keyWrong(
    tree.file,
    keys.map(({ recipient }) => recipient),
    [...ours],
  );
}

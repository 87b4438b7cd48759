import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Problem } from "@douze/core";
import { changeSecrets, type SecretsChange } from "./change-secrets.ts";
import { applyEdited, editable } from "./edit-secrets.ts";
import type { Identity } from "./identity.ts";
import { initSecrets } from "./init-secrets.ts";
import { openSecrets, type SecretNames, type Secrets, secretNames } from "./open-secrets.ts";
import { rotate } from "./rotate.ts";
import { textOf, writeWhole } from "./whole-file.ts";

// What the commands of `douze secrets` do to an inventory file. A file that is not there counts as empty, and is made when there is
// something to write; on any problem it stays as it was.

/** @throws Problem as `openSecrets` */
export async function readSecrets(file: string, identities: readonly Identity[]): Promise<Secrets> {
  return openSecrets(await textOf(file), file, identities);
}

/**
 * Names alone, for which no key is needed. Nothing is verified.
 *
 * @throws Problem as `secretNames`
 */
export async function listSecrets(file: string): Promise<SecretNames> {
  return secretNames(await textOf(file), file);
}

/**
 * @returns false when the file was one of sops before; it stays as it is then
 * @throws Problem as `initSecrets`
 */
export async function initFile(file: string, recipients: readonly string[]): Promise<boolean> {
  return update(file, (text) => initSecrets(text, recipients, file));
}

/**
 * @param recipients - for a file that has no secrets yet; the identities' own when absent
 * @returns false when nothing changed
 * @throws Problem as `changeSecrets`
 */
export async function changeFile(
  file: string,
  identities: readonly Identity[],
  change: SecretsChange,
  recipients?: readonly string[],
): Promise<boolean> {
  return update(file, (text) => changeSecrets(text, file, identities, change, recipients));
}

/**
 * Shows a person the secrets, and gives back what they made of them; undefined gives up. When that text could not be taken, it is asked again
 * with the same text and the problem.
 */
export type EditText = (clear: string, problem: Problem | undefined) => Promise<string | undefined>;

/**
 * @returns false when nothing changed
 * @throws Problem as `editable`
 */
export async function editFile(file: string, identities: readonly Identity[], edit: EditText): Promise<boolean> {
  const before = await textOf(file);
  let clear = await editable(before, identities, file);
  let problem: Problem | undefined;
  for (;;) {
    const edited = await edit(clear, problem);
    if (edited === undefined) return false;
    try {
      const after = await applyEdited(before, identities, edited, file);
      if (after === before) return false;
      if (await replaced(file, before, after)) return true;
      // Somebody else wrote in the meantime: what differs is done to their text.
      return await changeFile(
        file,
        identities,
        difference(await openSecrets(before, file, identities), await openSecrets(after, file, identities)),
      );
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      [clear, problem] = [edited, error];
    }
  }
}

function difference({ secrets: before }: Secrets, { secrets: after }: Secrets): SecretsChange {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => !Object.hasOwn(before, key) || before[key] !== value)),
    unset: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
  };
}

/** Recipients to add and to remove. */
export interface RecipientsChange {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

/**
 * @returns the recipients from now on
 * @throws Problem as `rotate`
 * @throws Problem secrets-recipient-invalid - one to be removed is none
 */
export async function rotateFile(file: string, identities: readonly Identity[], change: RecipientsChange = {}): Promise<readonly string[]> {
  let recipients: readonly string[] = [];
  await update(file, (text) => {
    recipients = changedRecipients(secretNames(text, file).recipients, change, file);
    return rotate(text, identities, recipients, file);
  });
  return recipients;
}

function changedRecipients(present: readonly string[], { add = [], remove = [] }: RecipientsChange, file: string): readonly string[] {
  const unknown = remove.find((recipient) => !present.includes(recipient));
  if (unknown !== undefined) {
    throw new Problem({
      code: "secrets-recipient-invalid",
      what: `there is no such recipient to remove from ${file}`,
      why: `it is encrypted to ${present.join(", ") || "nobody"}`,
      fix: "name one of them",
    });
  }
  return [...new Set([...present.filter((recipient) => !remove.includes(recipient)), ...add])];
}

async function update(file: string, change: (text: string) => Promise<string>): Promise<boolean> {
  for (;;) {
    const before = await textOf(file);
    const after = await change(before);
    if (after === before) return false;
    if (await replaced(file, before, after)) return true;
  }
}

/** @returns false when it was not written, for the text it was made from is no longer there */
async function replaced(file: string, before: string, after: string): Promise<boolean> {
  if ((await textOf(file)) !== before) return false;
  await mkdir(dirname(file), { recursive: true });
  await writeWhole(file, after);
  return true;
}

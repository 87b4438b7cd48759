import { refuseClear } from "./open-secrets.ts";
import { malformed } from "./problems.ts";
import { checkFlat, writtenPlain } from "./secret-values.ts";
import { blockForm, leafEdit, secretsMap } from "./secrets-map.ts";
import { boundTo, encrypt, looksEncrypted } from "./sops/cipher.ts";
import { newDataKey, wrap } from "./sops/data-key.ts";
import { metadata } from "./sops/metadata.ts";
import { signed } from "./sops/opened.ts";
import { moment, renderMetadata } from "./sops/render.ts";
import type { Comment } from "./yaml/comments.ts";
import { plain } from "./yaml/plain.ts";
import { type Edit, lineBreak, splice } from "./yaml/splice.ts";
import { type Tree, tree } from "./yaml/tree.ts";

/**
 * Makes an inventory one of sops: adds the metadata, and encrypts what stands in clear under `secrets:`, comments too. The rest of
 * the text stays as it is, and so does all of a file that has the metadata already.
 *
 * @param recipients - who will be able to open it: `age1…`
 * @param file - for messages
 * @throws Problem secrets-recipient-invalid
 * @throws Problem secrets-key-missing - no recipients
 * @throws Problem secrets-malformed - no YAML, or a secret that is no single text
 */
export async function initSecrets(text: string, recipients: readonly string[], file = "the inventory"): Promise<string> {
  return metadata(tree(text, file)) === undefined ? (await initialised(text, recipients, file)).text : text;
}

/** For who goes on to change it: the data key, which the identities at hand need not open. */
export async function initialised(text: string, recipients: readonly string[], file: string): Promise<{ text: string; dataKey: Buffer }> {
  const whole = tree(text, file);
  checkFlat(whole);
  refuseOrphans(whole);
  blockForm(whole);
  const dataKey = newDataKey();
  const eol = lineBreak(text);
  const lastModified = moment(new Date());
  const block = renderMetadata(await wrap(dataKey, recipients, file), { lastModified, eol });
  const encrypted = splice(text, secretEdits(whole, dataKey));
  const gap = encrypted === "" || encrypted.endsWith("\n") ? "" : eol;
  return { text: signed(encrypted + gap + block, file, dataKey, lastModified), dataKey };
}

function refuseOrphans(whole: Tree): void {
  if (whole.leaves.some(({ path, text }) => path[0] === "secrets" && looksEncrypted(text))) refuseClear(whole);
  const bound = whole.leaves.find((leaf) => leaf.path[0] === "secrets" && leaf.bound);
  if (bound === undefined) return;
  throw malformed(
    whole.file,
    `\`${bound.label}\` has a tag, an anchor or an alias`,
    "write the value out, in quotes",
    whole.place(bound.start),
  );
}

function secretEdits(whole: Tree, dataKey: Buffer): Edit[] {
  const { comments } = secretsMap(whole);
  const sealed = ({ text }: Comment): string => encrypt(plain("comment", text), dataKey, boundTo(["secrets"]));
  const leaves = whole.leaves.filter(({ path, value }) => path[0] === "secrets" && path.length === 2 && value !== null);
  const values = leaves.map((leaf) => leafEdit(leaf, encrypt(writtenPlain(leaf), dataKey, boundTo(leaf.path)), whole, sealed));
  const apart = comments.filter(({ start, end }) => !values.some((edit) => start >= edit.start && end <= edit.end));
  return [...values, ...apart.map((comment) => ({ start: comment.start + 1, end: comment.end, text: sealed(comment) }))];
}

import { isScalar } from "yaml";
import type { Identity } from "./identity.ts";
import { initialised } from "./init-secrets.ts";
import { refuseClear } from "./open-secrets.ts";
import { malformed, wouldBeClear } from "./problems.ts";
import { checkSecret, type SecretValue, secretValues } from "./secret-values.ts";
import { blockForm, leafEdit, pairEnd, secretsMap } from "./secrets-map.ts";
import { boundTo, encrypt } from "./sops/cipher.ts";
import { metadata } from "./sops/metadata.ts";
import { opened, signed } from "./sops/opened.ts";
import { moment } from "./sops/render.ts";
import type { Selection } from "./sops/selection.ts";
import { plain } from "./yaml/plain.ts";
import { type Edit, lineBreak, lineStart, splice } from "./yaml/splice.ts";
import { type Tree, tree } from "./yaml/tree.ts";
import { keyOf } from "./yaml/write.ts";

export interface SecretsChange {
  /** Text by key. */
  readonly set?: Readonly<Record<string, string>>;
  /** Keys; one that is not there changes nothing. */
  readonly unset?: readonly string[];
}

/**
 * Changes secrets of an inventory. All else keeps its text: comments, order, and the ciphertext of values that stay the same. When
 * nothing changes, the text comes back as it was.
 *
 * @param recipients - for a file that has no secrets yet; the identities' own when absent
 * @throws Problem as `openSecrets` and `initSecrets`
 */
export async function changeSecrets(
  text: string,
  file: string,
  identities: readonly Identity[],
  change: SecretsChange,
  recipients: readonly string[] = identities.map(({ recipient }) => recipient),
): Promise<string> {
  const set = new Map(Object.entries(change.set ?? {}));
  for (const [key, value] of set) checkSecret(key, value, file);
  const unset = (change.unset ?? []).filter((key) => !set.has(key));
  const before = tree(text, file);
  const about = metadata(before);
  if (about === undefined) {
    refuseClear(before);
    if (set.size === 0) return text;
    const made = await initialised(text, recipients, file);
    return changed({ ...made, file, selection: secretsAlone, values: new Map() }, set, []);
  }
  const { leaves, dataKey } = await opened(before, about, identities);
  const values = secretValues(before, leaves);
  const different = new Map([...set].filter(([key, value]) => values.get(key)?.text !== value));
  const gone = unset.filter((key) => values.has(key));
  if (different.size === 0 && gone.length === 0) return text;
  return changed({ text, file, dataKey, selection: about.selection, values }, different, gone);
}

interface Before {
  readonly text: string;
  readonly file: string;
  readonly dataKey: Buffer;
  readonly selection: Selection;
  readonly values: ReadonlyMap<string, SecretValue>;
}

const secretsAlone: Selection = (path) => path[0] === "secrets";

function changed(before: Before, set: ReadonlyMap<string, string>, unset: readonly string[]): string {
  const { text, file, dataKey } = before;
  const block = blockForm(tree(text, file));
  const less = splice(block, removals(tree(block, file), unset, set.size > 0));
  const more = splice(less, replacements(tree(less, file), set, before));
  return signed(more, file, dataKey, moment(new Date()));
}

function removals(whole: Tree, unset: readonly string[], more: boolean): Edit[] {
  const { pairs, colon } = secretsMap(whole);
  const gone = pairs.filter(({ key }) => isScalar(key) && unset.includes(String(key.value)));
  const edits = gone.map((pair) => ({ start: lineStart(whole.text, pair.key.range[0]), end: pairEnd(whole.text, pair), text: "" }));
  const emptied = !more && gone.length === pairs.length && colon !== undefined;
  return emptied ? [{ start: colon, end: colon, text: " {}" }, ...edits] : edits;
}

function replacements(whole: Tree, set: ReadonlyMap<string, string>, before: Before): Edit[] {
  const { text } = whole;
  const eol = lineBreak(text);
  const { indent, colon, lastPair } = secretsMap(whole);
  const edits: Edit[] = [];
  const lines: string[] = [];
  for (const [key, value] of set) {
    const path = ["secrets", key];
    if ((before.values.get(key)?.open.encrypted ?? before.selection(path)) !== true) throw wouldBeClear(whole.file, key);
    const sealed = encrypt(plain("str", value), before.dataKey, boundTo(path));
    const leaf = whole.leaves.find((each) => each.path.length === 2 && each.path[0] === "secrets" && each.path[1] === key);
    if (leaf?.bound)
      throw malformed(whole.file, `\`${leaf.label}\` has a tag, an anchor or an alias`, "write it without", whole.place(leaf.start));
    if (leaf) edits.push(leafEdit(leaf, sealed, whole, (comment) => comment.text));
    else lines.push(`${indent}${keyOf(key)}: ${sealed === "" ? '""' : sealed}${eol}`);
  }
  if (lines.length === 0) return edits;
  const gap = lastPair > 0 && text[lastPair - 1] !== "\n" ? eol : "";
  const top = colon === undefined ? `secrets:${eol}` : "";
  return [...edits, { start: lastPair, end: lastPair, text: gap + top + lines.join("") }];
}

import type { Identity } from "./identity.ts";
import { initialised } from "./init-secrets.ts";
import { refuseClear } from "./open-secrets.ts";
import { malformed, wouldBeClear } from "./problems.ts";
import { checkSecret, type SecretValue, secretValues, writtenPlain } from "./secret-values.ts";
import { blockForm, leafEdit, type SecretsMap, secretsMap } from "./secrets-map.ts";
import { boundTo, encrypt, looksEncrypted } from "./sops/cipher.ts";
import { openComment } from "./sops/comment.ts";
import { metadata } from "./sops/metadata.ts";
import { type Opened, opened, signed } from "./sops/opened.ts";
import { moment } from "./sops/render.ts";
import type { Comment } from "./yaml/comments.ts";
import { plain, plainText } from "./yaml/plain.ts";
import { type Edit, lineBreak, nextLine, splice } from "./yaml/splice.ts";
import { type Leaf, type Tree, tree } from "./yaml/tree.ts";
import { valueText } from "./yaml/write.ts";

/**
 * The secrets of an inventory in clear, for an editor: what stands under `secrets:`, with its comments, order and empty lines.
 *
 * @throws Problem as `openSecrets`, but for lists and maps, which are shown
 */
export async function editable(text: string, identities: readonly Identity[], file = "the inventory"): Promise<string> {
  const open = await openBlock(text, file, identities);
  return open === undefined ? "" : inClear(open);
}

/**
 * Takes back what `editable` gave, as a person has changed it. Values and comments that stayed the same keep their ciphertext; an
 * unchanged text leaves the inventory as it was.
 *
 * @param recipients - for a file that has no secrets yet; the identities' own when absent
 * @throws Problem secrets-malformed - what was edited is no YAML of keys and texts
 */
export async function applyEdited(
  text: string,
  identities: readonly Identity[],
  edited: string,
  file = "the inventory",
  recipients: readonly string[] = identities.map(({ recipient }) => recipient),
): Promise<string> {
  const open = await openBlock(text, file, identities);
  const wanted = edited.replaceAll("\r\n", "\n").replace(/\n*$/, "\n");
  if (open !== undefined) return wanted.trim() === inClear(open).trim() ? text : applied(open, wanted);
  if (editedTree(wanted).leaves.length === 0) return text;
  const made = await initialised(text, recipients, file);
  const whole = tree(blockForm(tree(made.text, file)), file);
  const about = metadata(whole);
  if (about === undefined) throw new Error("a file that was just made one of sops is none");
  return applied({ tree: whole, metadata: about, dataKey: made.dataKey, leaves: [] }, wanted);
}

const editedName = "the edited text";

/** Of a part of a file: `sops` is a key like others there. */
function editedTree(wanted: string): Tree {
  return tree(wanted, editedName, null);
}

async function openBlock(text: string, file: string, identities: readonly Identity[]): Promise<Opened | undefined> {
  const first = tree(text, file);
  if (metadata(first) === undefined) {
    refuseClear(first);
    return undefined;
  }
  const whole = tree(blockForm(first), file);
  const about = metadata(whole);
  return about && opened(whole, about, identities);
}

function inClear(open: Opened): string {
  const { text } = open.tree;
  const map = secretsMap(open.tree);
  const edits = [...leavesInClear(open), ...map.comments.map((comment) => commentInClear(comment, open))];
  const within = edits.filter(({ start, end }) => start >= map.start && end <= map.end);
  const moved = within.map((edit) => ({ ...edit, start: edit.start - map.start, end: edit.end - map.start }));
  const lines = splice(text.slice(map.start, map.end), moved).replaceAll("\r\n", "\n").split("\n");
  return lines.map((line) => (line.startsWith(map.indent) ? line.slice(map.indent.length) : line.trimStart())).join("\n");
}

function leavesInClear({ tree: { text, file, comments, place }, leaves }: Opened): Edit[] {
  return leaves
    .filter(({ leaf, encrypted, plain: value }) => leaf.path[0] === "secrets" && encrypted && value !== null)
    .map(({ leaf, plain: value }) => {
      const clear = value === null ? undefined : plainText(value);
      if (clear === undefined) throw malformed(file, `\`${leaf.label}\` is no text`, "`douze secrets set` it anew", place(leaf.start));
      const deep = leaf.path.length > 2 || leaf.label.includes("[");
      const remark = comments.some(({ start }) => start >= leaf.end && start < nextLine(text, leaf.end));
      const column = leaf.start - text.lastIndexOf("\n", leaf.start) - 1;
      const key = /^ */.exec(text.slice(leaf.start - column))?.[0] ?? "";
      return {
        start: leaf.start,
        end: leaf.end,
        text: valueText(clear, { flow: leaf.flow || deep, remark, indent: `${key}    `, eol: "\n" }),
      };
    });
}

function commentInClear(comment: Comment, open: Opened): Edit {
  return { start: comment.start + 1, end: comment.end, text: openComment(comment, open)?.text ?? comment.text };
}

function applied(open: Opened, wanted: string): string {
  const { text, file } = open.tree;
  const eol = lineBreak(text);
  const map = secretsMap(open.tree);
  const lines = encrypted(open, map, wanted).trimEnd().split("\n");
  const body = lines.map((line) => (line.trim() === "" ? "" : map.indent + line)).join(eol);
  const block = lines.join("") === "" ? "" : body + eol;
  const empty = editedTree(wanted).root === undefined;
  const gap = map.start > 0 && text[map.start - 1] !== "\n" ? eol : "";
  const edits: Edit[] = [
    { start: map.start, end: map.end, text: gap + (map.colon === undefined ? `secrets:${empty ? " {}" : ""}${eol}` : "") + block },
  ];
  if (empty && map.colon !== undefined) edits.unshift({ start: map.colon, end: map.colon, text: " {}" });
  return signed(splice(text, edits), file, open.dataKey, moment(new Date()));
}

/** The edited text with its values and comments encrypted. */
function encrypted(open: Opened, { comments }: SecretsMap, wanted: string): string {
  const whole = checked(wanted);
  const before = open.leaves.length === 0 ? new Map<string, SecretValue>() : secretValues(open.tree, open.leaves);
  const known = new Map(comments.map((comment) => [openComment(comment, open)?.text ?? comment.text, comment.text]));
  const hidden = open.metadata.selection(["secrets"]) === true;
  const sealed = ({ text }: Comment): string => {
    const kept = known.get(text);
    if (!hidden) return kept ?? text;
    return kept !== undefined && looksEncrypted(kept) ? kept : encrypt(plain("comment", text), open.dataKey, boundTo(["secrets"]));
  };
  const values = whole.leaves.flatMap((leaf) => {
    const value = sealedLeaf(leaf, before.get(leaf.path[0] ?? ""), open);
    return value === undefined ? [] : [leafEdit(leaf, value, whole, sealed)];
  });
  const apart = whole.comments.filter(({ start, end }) => !values.some((edit) => start >= edit.start && end <= edit.end));
  return splice(wanted, [...values, ...apart.map((comment) => ({ start: comment.start + 1, end: comment.end, text: sealed(comment) }))]);
}

function checked(wanted: string): Tree {
  const whole = editedTree(wanted);
  if (/^(---|\.\.\.|%)/m.test(wanted)) throw malformed(editedName, "it holds a line `---`, `...` or `%`", "leave keys and values alone");
  for (const leaf of whole.leaves) {
    const fix = "write a key and one text a line";
    if (leaf.path.length !== 1 || leaf.label !== leaf.path[0])
      throw malformed(editedName, `\`${leaf.label}\` is part of a list or a map`, fix, whole.place(leaf.start));
    if (leaf.bound) throw malformed(editedName, `\`${leaf.label}\` has a tag, an anchor or an alias`, fix, whole.place(leaf.start));
    checkSecret(leaf.path[0] ?? "", leaf.text, editedName);
  }
  for (const { key, value } of whole.root?.items ?? []) {
    if (value && "items" in value)
      throw malformed(editedName, `\`${String(key)}\` is a list or a map`, "write one text", whole.place(key.range[0]));
  }
  return whole;
}

/** @returns undefined to leave it as it is written */
function sealedLeaf(
  leaf: Leaf,
  before: SecretValue | undefined,
  { dataKey, metadata: { selection }, tree: { file } }: Opened,
): string | undefined {
  if (leaf.value === null) return undefined;
  const path = ["secrets", ...leaf.path];
  const hidden = before?.open.encrypted ?? selection(path);
  if (hidden === undefined) throw wouldBeClear(file, leaf.label);
  if (!hidden) return undefined;
  if (before !== undefined && before.text === leaf.text && before.open.plain !== null) return before.open.leaf.text;
  return encrypt(writtenPlain(leaf), dataKey, boundTo(path));
}

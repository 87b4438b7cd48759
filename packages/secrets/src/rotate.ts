import type { Identity } from "./identity.ts";
import { refuseClear } from "./open-secrets.ts";
import { malformed, notAge } from "./problems.ts";
import { leafEdit } from "./secrets-map.ts";
import { boundTo, encrypt } from "./sops/cipher.ts";
import { openComment } from "./sops/comment.ts";
import { newDataKey, wrap } from "./sops/data-key.ts";
import { metadata } from "./sops/metadata.ts";
import { type Opened, opened, signed } from "./sops/opened.ts";
import { moment, renderKeys } from "./sops/render.ts";
import { plain } from "./yaml/plain.ts";
import { type Edit, lineBreak, lineStart, splice } from "./yaml/splice.ts";
import { tree } from "./yaml/tree.ts";

/**
 * Makes a new data key and encrypts everything with it anew. Who is no recipient any more can still read what they could read before,
 * in the history of the file: change the secrets themselves, too.
 *
 * @param recipients - who can open it from now on; the same as before when absent
 * @throws Problem as `openSecrets`
 * @throws Problem secrets-not-age - other kinds of keys open it, too, and only sops can give those the new data key
 */
export async function rotate(
  text: string,
  identities: readonly Identity[],
  recipients?: readonly string[],
  file = "the inventory",
): Promise<string> {
  const whole = tree(text, file);
  const about = metadata(whole);
  if (about === undefined) {
    refuseClear(whole);
    throw malformed(file, "nothing in it is encrypted yet", "run `douze secrets init` first");
  }
  if (about.otherKeys.length > 0) throw notAge(file, `it is encrypted to keys of the kind ${about.otherKeys.join(", ")}, too`);
  const open = await opened(whole, about, identities);
  const dataKey = newDataKey();
  const keys = await wrap(dataKey, recipients ?? about.keys.map(({ recipient }) => recipient), file);
  const { key, value } = about.age;
  const end = value?.range[1] ?? key.range[1];
  const column = key.range[0] - lineStart(text, key.range[0]);
  if ((value && "flow" in value && value.flow) || text.slice(key.range[1], end).indexOf("\n") === -1)
    throw malformed(
      file,
      "`sops.age` stands in brackets",
      "rotate it with `sops rotate -i`, which writes it anew",
      whole.place(key.range[0]),
    );
  const eol = lineBreak(text);
  const blank = /\s*$/.exec(text.slice(key.range[0], end))?.[0] ?? "";
  const list: Edit = { start: key.range[0], end: end - blank.length, text: renderKeys(keys, column, eol) };
  const rewritten = splice(text, [...values(open, dataKey), ...comments(open, dataKey), list]);
  return signed(rewritten, file, dataKey, moment(new Date()));
}

function values({ tree: whole, leaves }: Opened, dataKey: Buffer): Edit[] {
  return leaves.flatMap(({ leaf, encrypted, plain: value }) =>
    encrypted && value !== null && leaf.text !== ""
      ? [leafEdit(leaf, encrypt(value, dataKey, boundTo(leaf.path)), whole, ({ text }) => text)]
      : [],
  );
}

function comments(open: Opened, dataKey: Buffer): Edit[] {
  return open.tree.comments.flatMap((comment) => {
    const clear = openComment(comment, open);
    if (clear === undefined) return [];
    return [{ start: comment.start + 1, end: comment.end, text: encrypt(plain("comment", clear.text), dataKey, clear.bound) }];
  });
}

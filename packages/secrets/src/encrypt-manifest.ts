import { createHmac } from "node:crypto";
import { stringify } from "yaml";
import type { Identity } from "./identity.ts";
import { boundTo, encrypt } from "./sops/cipher.ts";
import { unwrap } from "./sops/data-key.ts";
import { digest, sealMac } from "./sops/mac.ts";
import { metadata } from "./sops/metadata.ts";
import { renderMetadata, type Wrapped } from "./sops/render.ts";
import { textOf } from "./whole-file.ts";
import { plain } from "./yaml/plain.ts";
import { tree } from "./yaml/tree.ts";

/** What encrypts the values of a file of sops, and who else can open it. Holds a secret: never printed. */
export interface FileKey {
  readonly dataKey: Buffer;
  readonly keys: readonly Wrapped[];
  readonly lastModified: string;
}

/**
 * The key of an inventory.
 *
 * @returns nothing for a file that is not there, or has no secrets
 * @throws Problem secrets-key-missing, secrets-key-wrong, secrets-tampered, secrets-malformed, secrets-not-age
 */
export async function fileKey(file: string, identities: readonly Identity[]): Promise<FileKey | undefined> {
  const whole = tree(await textOf(file), file);
  const about = metadata(whole);
  if (about === undefined) return undefined;
  return { dataKey: await unwrap(about, whole, identities), keys: about.keys, lastModified: about.lastModified.text };
}

/**
 * A Secret as a file that sops, Flux and KSOPS open, to those who can open the inventory. The same Secret under the same key is the same
 * text: a new one each time would be a change where nothing has changed. What is told by that is that nothing has.
 *
 * @param object - with `metadata.name` and values under `data`
 */
export function encryptManifest(object: object, { dataKey, keys, lastModified }: FileKey): string {
  const { data = {}, ...rest } = object as {
    readonly data?: Readonly<Record<string, string>>;
    readonly metadata: { readonly name: string };
  };
  const leaves = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  const nonce = (place: string, value: string): Buffer =>
    createHmac("sha256", dataKey).update(["douze manifest", rest.metadata.name, place, value].join("\0")).digest();
  const sealed = leaves.map(([key, value]): [string, string] => [
    key,
    encrypt(plain("str", value), dataKey, boundTo(["data", key]), nonce(key, value)),
  ]);
  const computed = digest(
    leaves.map(([, value]) => ({ encrypted: true, plain: plain("str", value) })),
    true,
  );
  const mac = sealMac(computed, lastModified, dataKey, nonce("", computed));
  const written = leaves.length === 0 ? rest : { ...rest, data: Object.fromEntries(sealed) };
  const text = stringify(written, { version: "1.1", sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 });
  return `${text}${renderMetadata(keys, { lastModified, eol: "\n", encrypted: "^(data|stringData)$", mac })}`;
}

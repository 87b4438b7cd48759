import { createHash, timingSafeEqual } from "node:crypto";
import { plain } from "../yaml/plain.ts";
import { decrypt, encrypt } from "./cipher.ts";
import type { Metadata } from "./metadata.ts";
import type { OpenLeaf } from "./opened.ts";

// So that a MAC over all values never fits as one over the encrypted alone: SHA-256 of `sops`.
const onlyEncrypted = Buffer.from("8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69", "hex");

/** SHA-512 over the values in document order, in upper-case hexadecimal digits. Nulls and comments are no part of it. */
export function digest(leaves: readonly Pick<OpenLeaf, "plain" | "encrypted">[], macOnlyEncrypted: boolean): string {
  const hash = createHash("sha512");
  if (macOnlyEncrypted) hash.update(onlyEncrypted);
  for (const { plain, encrypted } of leaves) {
    // sops encrypts comments in lists as if they were items, and leaves them out when it does.
    if (plain !== null && plain.type !== "comment" && (encrypted || !macOnlyEncrypted)) hash.update(plain.bytes);
  }
  return hash.digest("hex").toUpperCase();
}

export function macFits(computed: string, { mac, lastModified }: Metadata, dataKey: Buffer): boolean {
  const written = decrypt(mac.text, dataKey, lastModified.text)?.bytes ?? Buffer.alloc(0);
  const own = Buffer.from(computed, "ascii");
  return written.length === own.length && timingSafeEqual(written, own);
}

/** @param nonce - as of `encrypt` */
export function sealMac(computed: string, lastModified: string, dataKey: Buffer, nonce?: Buffer): string {
  return encrypt(plain("str", computed), dataKey, lastModified, nonce);
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { decimal, type Plain, plain } from "../yaml/plain.ts";

/** What a value is bound to besides its key: moved to another place, it no longer opens. */
export function boundTo(path: readonly string[]): string {
  return `${path.join(":")}:`;
}

export function looksEncrypted(text: string): boolean {
  return text.startsWith("ENC[AES256_GCM,");
}

/**
 * As sops, an empty text stays empty.
 *
 * @param nonce - 32 bytes, never given for two values under one key. Default anew each time, at random
 */
export function encrypt(value: Plain, dataKey: Buffer, bound: string, nonce: Buffer = randomBytes(nonceBytes)): string {
  if (value.bytes.length === 0) return "";
  const cipher = createCipheriv("aes-256-gcm", dataKey, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(bound, "utf8"));
  const sealed = Buffer.concat([cipher.update(value.bytes), cipher.final()]);
  const parts = { data: sealed, iv: nonce, tag: cipher.getAuthTag() };
  const fields = Object.entries(parts).map(([name, bytes]) => `${name}:${bytes.toString("base64")}`);
  return `ENC[AES256_GCM,${fields.join(",")},type:${value.type}]`;
}

/** Unlike the usual 12 bytes; any length is read. */
const nonceBytes = 32;
/** Node would take a tag cut to 4 bytes unless told. */
const tagBytes = 16;

/** @returns undefined when the text is not whole, not for this place, or not from this key */
export function decrypt(text: string, dataKey: Buffer, bound: string): Plain | undefined {
  if (text === "") return plain("str", "");
  const { data, iv, tag, type } = pattern.exec(text)?.groups ?? {};
  const [sealed, nonce, mark] = [data, iv, tag].map(base64);
  if (!sealed || !nonce || mark?.length !== tagBytes || type === undefined) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", dataKey, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(bound, "utf8")).setAuthTag(mark);
  try {
    return typed(type, Buffer.concat([decipher.update(sealed), decipher.final()]));
  } catch {
    // The only failure of `final`: the tag does not verify.
    return undefined;
  }
}

const pattern = /^ENC\[AES256_GCM,data:(?<data>[^,]+),iv:(?<iv>[^,]+),tag:(?<tag>[^,]+),type:(?<type>[a-z]+)\]$/;

function base64(text: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(text ?? "", "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : undefined;
}

/** Old files spell some values in other ways; the MAC is made of the one below. */
function typed(type: string, bytes: Buffer): Plain | undefined {
  const text = bytes.toString("latin1");
  switch (type) {
    case "str":
    case "bytes":
    case "comment":
    case "time":
      return { type, bytes };
    case "int":
      return /^[-+]?\d+$/.test(text) ? plain("int", String(BigInt(text.replace("+", "")))) : undefined;
    case "float":
      return floatOf(text);
    case "bool":
      if (/^(1|t|true)$/i.test(text)) return plain("bool", "True");
      return /^(0|f|false)$/i.test(text) ? plain("bool", "False") : undefined;
    default:
      return undefined;
  }
}

function floatOf(text: string): Plain | undefined {
  if (/^([-+]Inf|NaN)$/.test(text)) return plain("float", text);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? plain("float", decimal(Number(text))) : undefined;
}

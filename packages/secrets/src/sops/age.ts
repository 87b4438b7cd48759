import { age } from "../age-library.ts";
import type { Identity } from "../identity.ts";
import { badRecipient } from "../problems.ts";

/**
 * Encrypts to all of the recipients, each of whom can open it alone.
 *
 * @returns armoured, with a line break at its end
 * @throws Problem secrets-recipient-invalid
 */
export async function ageEncrypt(plain: Uint8Array, recipients: readonly string[]): Promise<string> {
  const { armor, Encrypter } = await age();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw badRecipient(recipient, cause);
    }
  }
  return armor.encode(await encrypter.encrypt(plain));
}

/** `foreign`: none of the identities is meant. `damaged`: it was changed since, or is no age file. */
export type AgeOutcome = { readonly plain: Buffer } | "foreign" | "damaged";

export async function ageDecrypt(armoured: string, identities: readonly Identity[]): Promise<AgeOutcome> {
  const { armor, Decrypter } = await age();
  const decrypter = new Decrypter();
  for (const { secret } of identities) decrypter.addIdentity(secret);
  try {
    return { plain: Buffer.from(await decrypter.decrypt(armor.decode(armoured))) };
  } catch (error) {
    // The library has no other sign of it; a test holds it to this one.
    return error instanceof Error && error.message.startsWith("no identity matched") ? "foreign" : "damaged";
  }
}

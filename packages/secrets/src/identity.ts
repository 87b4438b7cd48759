import { age } from "./age-library.ts";
import { keyUnreadable } from "./problems.ts";

/** An age key. */
export interface Identity {
  /** `AGE-SECRET-KEY-1…`: never printed. */
  readonly secret: string;
  /** `age1…`, its public half. */
  readonly recipient: string;
  /** Where it was found, for messages. */
  readonly from: string;
  /** What its owner should know about where it lies; for a person to read. */
  readonly warning?: string;
}

/**
 * @param from - where the secret was found
 * @throws Problem secrets-key-unreadable - no age key; the text is not repeated
 */
export async function identityOf(secret: string, from: string): Promise<Identity> {
  const { identityToRecipient } = await age();
  try {
    return { secret, recipient: await identityToRecipient(secret), from };
  } catch {
    // The cause may hold the secret.
    throw keyUnreadable(from, "a line of it is no age key");
  }
}

/** Makes a key; it is written nowhere. */
export async function newIdentity(from: string): Promise<Identity> {
  const { generateX25519Identity } = await age();
  return identityOf(await generateX25519Identity(), from);
}

import { Problem } from "@douze/core";
import type { Identity } from "./identity.ts";
import { malformed } from "./problems.ts";
import { ageDecrypt, ageEncrypt } from "./sops/age.ts";

/**
 * Encrypts a text to recipients, each of whom can open it alone.
 *
 * @returns armoured
 * @throws Problem secrets-recipient-invalid
 */
export async function seal(plain: string, recipients: readonly string[]): Promise<string> {
  if (recipients.length === 0) throw new RangeError("sealed to nobody, it could never be opened");
  return ageEncrypt(Buffer.from(plain, "utf8"), [...new Set(recipients)]);
}

/**
 * @param what - names the sealed text in messages
 * @throws Problem secrets-key-wrong - none of the identities opens it
 * @throws Problem secrets-tampered - it was changed since, or cut
 * @throws Problem secrets-malformed - it is no sealed text
 */
export async function unseal(sealed: string, identities: readonly Identity[], what = "a sealed text"): Promise<string> {
  if (!sealed.trimStart().startsWith("-----BEGIN AGE ENCRYPTED FILE-----"))
    throw malformed(what, "it is not encrypted with age", "take it back from a backup");
  const outcome = await ageDecrypt(sealed, identities);
  if (typeof outcome !== "string") return outcome.plain.toString("utf8");
  if (outcome === "foreign") throw unopened(what, identities);
  throw new Problem({
    code: "secrets-tampered",
    what: `${what} is not as it was sealed`,
    why: "it was changed or cut since",
    fix: "take it back from a backup",
  });
}

function unopened(what: string, identities: readonly Identity[]): Problem {
  const ours = identities.map(({ recipient, from }) => `${recipient} (${from})`).join(", ");
  return new Problem({
    code: "secrets-key-wrong",
    what: `none of the ${identities.length} age keys at hand opens ${what}`,
    why: ours === "" ? "there are none at hand" : `it is sealed to others than ${ours}`,
    fix: "bring back the key it was sealed to, from a backup, or point SOPS_AGE_KEY_FILE to it",
  });
}

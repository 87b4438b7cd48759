import { readFile } from "node:fs/promises";
import { Problem } from "@douze/core";
import { type Identity, identityOf, newIdentity } from "@douze/secrets";
import { writeWhole } from "./files.ts";

/** What seals and opens the secret part of releases. It is read when first asked for: most that open a ledger look at no secret. */
export type LedgerKey = () => Promise<Identity>;

/**
 * The key of a state folder, made at the first use: an age identity in a file that only its owner can read. A copy of the
 * ledger without it tells no secret.
 *
 * @throws Problem ledger-unreadable - the key file is damaged; by the key, when it is asked for
 */
export function ledgerKey(file: string): LedgerKey {
  let own: Identity | undefined;
  return async () => (own ??= await readOrMake(file));
}

async function readOrMake(file: string): Promise<Identity> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = await newIdentity(file);
    await writeWhole(
      file,
      `# Seals the secrets in the ledgers of this folder. Keep it with your backups, but apart from them.\n${made.secret}\n`,
    );
    return made;
  }
  const secret = text.split("\n").find((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (!secret) {
    throw new Problem({
      code: "ledger-unreadable",
      what: `${file} holds no key`,
      why: "it should have a line that begins with AGE-SECRET-KEY-",
      fix: "restore the file from a backup; without it the secrets of past releases cannot be read",
      places: [{ file, line: 1, column: 1 }],
    });
  }
  return identityOf(secret.trim(), file);
}

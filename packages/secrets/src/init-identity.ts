import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { findIdentities } from "./find-identities.ts";
import { type Identity, newIdentity } from "./identity.ts";
import { keyFiles } from "./key-places.ts";
import { keyUnreadable } from "./problems.ts";
import { writeNew } from "./whole-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Makes an age key for a person who has none, in a file that only they can read: `$XDG_CONFIG_HOME/sops/age/keys.txt`, or
 * `~/.config/sops/age/keys.txt`. Somebody who has a key keeps it; no file is ever overwritten.
 *
 * @returns the new key, or the first that was there
 * @throws Problem secrets-key-unreadable - a key file is there, but no key in it
 */
export async function initIdentity(env: Env, home: string, platform: NodeJS.Platform = process.platform): Promise<Identity> {
  const [present] = await findIdentities(env, home);
  if (present) return present;
  const file = newKeyFile(env, home, platform);
  const made = await newIdentity(file);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (await writeNew(file, `# made by douze secrets init\n# public key: ${made.recipient}\n${made.secret}\n`, 0o600)) return made;
  // Somebody else was quicker, or the file has no key.
  const [other] = await findIdentities(env, home);
  if (other) return other;
  throw keyUnreadable(file, "it holds no age key that Douze can use");
}

/** Where sops looks on this system when nothing is said. */
function newKeyFile(env: Env, home: string, platform: NodeJS.Platform): string {
  const files = keyFiles(env, home);
  const file = platform === "darwin" && !env["XDG_CONFIG_HOME"] ? files.at(-1) : files[0];
  if (file === undefined) throw new Error("there is always a place for a key");
  return file;
}

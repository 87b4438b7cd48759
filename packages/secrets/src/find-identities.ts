import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { type Identity, identityOf } from "./identity.ts";
import { keyFiles, keyLine } from "./key-places.ts";
import { keyUnreadable } from "./problems.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Finds a person's age keys where sops does: `SOPS_AGE_KEY` (keys between blanks), `SOPS_AGE_KEY_FILE`, the output of `SOPS_AGE_KEY_CMD`,
 * and `sops/age/keys.txt` in `$XDG_CONFIG_HOME`, `~/.config` and, on macOS, `~/Library/Application Support`. All count, each once.
 *
 * A key from a file that others can read has a `warning`.
 *
 * @param home - the person's home folder
 * @returns none when there are none
 * @throws Problem secrets-key-unreadable - a place that was named does not hold what it should
 */
export async function findIdentities(env: Env, home: string): Promise<readonly Identity[]> {
  const found: Identity[] = [];
  const inline = env["SOPS_AGE_KEY"];
  if (inline) found.push(...(await read(inline.split(/\s+/).join("\n"), "SOPS_AGE_KEY")));
  const named = env["SOPS_AGE_KEY_FILE"];
  if (named) found.push(...(await readFileOf(named, `SOPS_AGE_KEY_FILE (${named})`, true)));
  const command = env["SOPS_AGE_KEY_CMD"];
  if (command) found.push(...(await read(await outputOf(command, env), "SOPS_AGE_KEY_CMD")));
  for (const file of keyFiles(env, home)) found.push(...(await readFileOf(file, file, false)));
  return found.filter(({ secret }, index) => found.findIndex((other) => other.secret === secret) === index);
}

/** @throws Problem secrets-key-unreadable - not there though it was named, or no key in it */
async function readFileOf(file: string, from: string, named: boolean): Promise<Identity[]> {
  try {
    await using handle = await open(file, "r");
    const { mode } = await handle.stat();
    const identities = await read(await handle.readFile("utf8"), from);
    if ((mode & 0o077) === 0) return identities;
    return identities.map((identity) => ({ ...identity, warning: `others can read or change ${file}: run \`chmod 600 ${file}\`` }));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") {
      if (named) throw keyUnreadable(from, "there is no such file");
      return [];
    }
    throw keyUnreadable(from, `it cannot be opened (${String(error.code)})`);
  }
}

async function read(text: string, from: string): Promise<Identity[]> {
  const found: Identity[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const key = keyLine(line);
    if (key === undefined || key === "other") continue;
    // The line is not repeated: it may be a key with a slip in it.
    if (key === "broken") throw keyUnreadable(from, `line ${index + 1} is no age key`);
    found.push(await identityOf(key.secret, from));
  }
  return found;
}

/** By a shell, so that quotes mean what they mean elsewhere. */
async function outputOf(command: string, env: Env): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile("/bin/sh", ["-c", command], { env: { ...env }, encoding: "utf8" }, (error, stdout) => {
    if (error === null) resolve(stdout);
    // Not its output, which may hold the key, nor the command, which may hold a password.
    else
      reject(
        keyUnreadable(
          "SOPS_AGE_KEY_CMD",
          `the command ${error.signal ? `was ended by ${error.signal}` : `exited with status ${String(error.code)}`}`,
        ),
      );
  });
  return promise;
}

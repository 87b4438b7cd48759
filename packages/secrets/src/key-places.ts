import { join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** The key files of a person, the same that sops looks into: the first is where a new key is put. */
export function keyFiles(env: Env, home: string): readonly string[] {
  const configs = [env["XDG_CONFIG_HOME"], join(home, ".config"), join(home, "Library/Application Support")];
  return configs.flatMap((folder) => (folder ? [join(folder, "sops/age/keys.txt")] : []));
}

/** A line of a key file, or a word of SOPS_AGE_KEY. */
export type KeyLine = { readonly secret: string } | "other" | "broken";

/**
 * What a line says. Keys that a plugin holds are none of ours, and no reason to stop either.
 *
 * @returns undefined for an empty line or a comment
 */
export function keyLine(line: string): KeyLine | undefined {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return undefined;
  if (/^AGE-SECRET-KEY-(1|PQ-1)/.test(text)) return { secret: text };
  return text.startsWith("AGE-PLUGIN-") ? "other" : "broken";
}

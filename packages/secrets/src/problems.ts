import { type Place, Problem } from "@douze/core";

/** The file is no YAML, or not of the shape that is expected. */
export function malformed(file: string, why: string, fix: string, place?: Place, cause?: unknown): Problem {
  return new Problem({
    code: "secrets-malformed",
    what: `the secrets of ${file} cannot be read`,
    why,
    fix,
    ...(place === undefined ? {} : { places: [place] }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** @param label - the key path, as in `secrets:DATABASE_URL` */
export function tampered(file: string, label: string, why: string, place?: Place): Problem {
  return new Problem({
    code: "secrets-tampered",
    what: `${file} is not as it was encrypted: \`${label}\``,
    why,
    fix: `take the file back from version control (\`git log -p -- ${file}\` shows what changed), and change secrets with \`douze secrets\` or \`sops\` alone`,
    ...(place === undefined ? {} : { places: [place] }),
  });
}

export function inClear(file: string, label: string, fix: string, place?: Place): Problem {
  return new Problem({
    code: "secrets-in-clear",
    what: `a secret stands in clear in ${file}: \`${label}\``,
    why: "what is under `secrets:` is to be encrypted, so that the file can be kept in version control",
    fix: `${fix}. If the file was ever committed or sent, change the secret itself as well`,
    ...(place === undefined ? {} : { places: [place] }),
  });
}

/** A value that is to be written, where the file's own rule would leave it as it is. */
export function wouldBeClear(file: string, key: string): Problem {
  return new Problem({
    code: "secrets-in-clear",
    what: `\`${key}\` would stand in clear in ${file}`,
    why: "the rule under `sops:` of what is encrypted (`encrypted_regex` and its like) leaves it out",
    fix: `name it otherwise, write it with \`sops set\`, or decrypt the file (\`sops decrypt -i ${file}\`) and run \`douze secrets init\``,
  });
}

export function keyMissing(file: string): Problem {
  return new Problem({
    code: "secrets-key-missing",
    what: `no age key was found to open the secrets of ${file}`,
    why: "none in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, $XDG_CONFIG_HOME/sops/age/keys.txt or ~/.config/sops/age/keys.txt",
    fix: "run `douze secrets init` to make a key, then have someone who can open the file add it: `douze secrets rotate --add <your age1… recipient>`",
  });
}

/** @param from - where a key should be */
export function keyUnreadable(from: string, why: string, place?: Place): Problem {
  return new Problem({
    code: "secrets-key-unreadable",
    what: `the age key in ${from} cannot be read`,
    why,
    fix: "put a key there, whose line begins with `AGE-SECRET-KEY-1`, or unset the variable; `douze secrets init` makes a new key where there is none",
    ...(place === undefined ? {} : { places: [place] }),
  });
}

export function keyWrong(file: string, recipients: readonly string[], ours: readonly string[]): Problem {
  const theirs = recipients.length === 0 ? "other keys" : recipients.join(", ");
  return new Problem({
    code: "secrets-key-wrong",
    what: `none of the ${ours.length} age keys at hand opens ${file}`,
    why: `it is encrypted to ${theirs}; the keys at hand are ${ours.join(", ")}`,
    fix: "have someone who can open it add one of yours: `douze secrets rotate --add <recipient>`; or point SOPS_AGE_KEY_FILE to the right key",
  });
}

export function notAge(file: string, why: string): Problem {
  return new Problem({
    code: "secrets-not-age",
    what: `${file} is encrypted in a way that Douze does not know`,
    why,
    fix: `add an age recipient with \`sops rotate -i --add-age <recipient> ${file}\`, or make this change with \`sops\``,
  });
}

export function badRecipient(recipient: string, cause?: unknown): Problem {
  return new Problem({
    code: "secrets-recipient-invalid",
    // Someone may have pasted the secret half of a key.
    what: `${/^age1[a-z0-9]*$/.test(recipient) ? `\`${recipient}\`` : "a text"} is not an age recipient`,
    why: recipient.startsWith("ssh-")
      ? "it is an SSH key, which Douze cannot encrypt to"
      : "a recipient is the public half of an age key and begins with `age1`",
    fix: "pass the line `# public key:` of the key file of who is to be let in: `~/.config/sops/age/keys.txt` on their machine",
    cause,
  });
}

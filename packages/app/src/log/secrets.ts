/** Texts that no line of the log may hold. */
const secrets = new Set<string>();
let pattern: RegExp | undefined;

/** Shorter ones would take words out of the log that are none. */
const shortest = 6;
const mark = "[redacted]";

/** Takes a text out of all that is logged from now on, as it is and as JSON writes it. The password of a URL alone, too. */
export function hideSecret(text: string): void {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/i.exec(text)?.[1];
  for (const each of [text, password, password === undefined ? undefined : decoded(password)]) {
    if (each === undefined || each.length < shortest) continue;
    secrets.add(each);
    secrets.add(JSON.stringify(each).slice(1, -1));
  }
  // The longest first: one may be a part of another.
  const all = [...secrets].sort((a, b) => b.length - a.length);
  pattern = all.length === 0 ? undefined : new RegExp(all.map(RegExp.escape).join("|"), "g");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Names of fields whose values are nobody's business, whatever they hold. */
const secretNames =
  /^(authorization|cookie|set-cookie|password|passwd|secret|token|access_token|refresh_token|id_token|api_?key|private_?key)$/i;

export function isSecretName(name: string): boolean {
  return secretNames.test(name);
}

/** A line without its secrets. */
export function redacted(line: string): string {
  return pattern === undefined ? line : line.replace(pattern, mark);
}

export { mark as redactionMark };

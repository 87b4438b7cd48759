import type { Runnable } from "./driver.ts";

/** What stands where a secret was. */
const maskText = "••••";

const maskLatin1 = Buffer.from(maskText).toString("latin1");
const shortestValue = 4;
const shortestPart = 8;
/** A longer value is looked for in parts of this length, so that pieces of long lines stay well over it. */
const longestPart = 8 * 1024;

/**
 * Looks for secrets in bytes that are about to be stored. One regular expression over all of them, on text of one byte a
 * character (latin1): any bytes pass through unchanged, and a chunk without a secret costs a fraction of a millisecond.
 */
export class Mask {
  readonly #forms = new Set<string>();
  #expression: RegExp | undefined;
  #longestBytes = 0;

  constructor(values: readonly string[]) {
    this.add(values);
  }

  /** Values are never forgotten: processes of earlier releases may still print theirs. */
  add(values: readonly string[]): void {
    const before = this.#forms.size;
    for (const value of values) for (const form of secretForms(value)) this.#forms.add(Buffer.from(form).toString("latin1"));
    if (this.#forms.size === before) return;
    // The longest first: of two secrets that begin alike, the whole longer one is to go.
    const forms = [...this.#forms].sort((a, b) => b.length - a.length);
    this.#longestBytes = forms[0]?.length ?? 0;
    this.#expression = new RegExp(forms.map(escapeForRegExp).join("|"), "g");
  }

  /** How many bytes at the end of an unfinished line may be the beginning of a secret. */
  get reserveBytes(): number {
    return Math.max(0, this.#longestBytes - 1);
  }

  /** The bytes with every secret replaced, or undefined when there is none in them. */
  masked(bytes: Buffer): Buffer | undefined {
    if (this.#expression === undefined) return undefined;
    const text = bytes.toString("latin1");
    this.#expression.lastIndex = 0;
    if (!this.#expression.test(text)) return undefined;
    return Buffer.from(text.replaceAll(this.#expression, maskLatin1), "latin1");
  }

  /** The text with every secret replaced. */
  text(text: string): string {
    return this.masked(Buffer.from(text))?.toString() ?? text;
  }

  /** Moves a cut through an unfinished line before the secret that it would divide. */
  before(bytes: Buffer, position: number): number {
    if (this.#expression === undefined) return position;
    // From the beginning, as `masked` will search it: of occurrences that overlap, both then see the same.
    for (const { index, 0: secret } of bytes.toString("latin1").matchAll(this.#expression)) {
      if (index >= position) break;
      if (index + secret.length > position) return index;
    }
    return position;
  }
}

/** What must never be seen in a log: secret values, URLs of resources and the passwords in them. */
export function secretsOf({ release }: Pick<Runnable, "release">): string[] {
  const secrets = Object.values(release.config).flatMap(({ secret, value }) => (secret && value !== "" ? [value] : []));
  const urls = Object.values(release.attachments).flatMap(({ url }) => {
    const password = URL.canParse(url) ? new URL(url).password : "";
    return password === "" ? [] : [url, password, decodeURIComponent(password)];
  });
  return [...secrets, ...urls];
}

/**
 * The texts by which a secret shows itself in output: as it is, as JSON and URLs write it, and the password within when it
 * is a URL itself. Values under four characters are left out: they would blot out every line.
 */
export function secretForms(value: string): readonly string[] {
  const forms = new Set<string>();
  const whole = value.trim();
  if (whole.length < shortestValue) return [];
  const lines = whole.split(/\r\n|\n|\r/).map((line) => line.trim());
  for (const line of lines) if (lines.length === 1 || line.length >= shortestPart) forms.add(line);
  for (const text of [...forms, whole, value]) {
    forms.add(JSON.stringify(text).slice(1, -1));
    if (text.isWellFormed()) forms.add(encodeURIComponent(text));
  }
  for (const password of passwords(whole)) forms.add(password);
  return [...forms].flatMap(parts).filter((form) => form.length >= shortestValue);
}

function passwords(value: string): readonly string[] {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#:@\s]*):([^/?#@\s]+)@/i.exec(value);
  if (match === null) return [];
  const [, user = "", password = ""] = match;
  // `postgres:postgres` hides nothing, and would blot out the word wherever it stands.
  if (password.length < shortestPart || password === user) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch (error) {
    if (error instanceof URIError) return [password];
    throw error;
  }
}

function parts(form: string): readonly string[] {
  const found: string[] = [];
  for (let start = 0; start < form.length; start += longestPart) found.push(form.slice(start, start + longestPart));
  return found;
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

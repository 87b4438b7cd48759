/** What a name of an environment variable is made of, in words. */
export const variableWords = "the name of a variable: letters, digits and `_`, no digit first";
export const variablePattern: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

const reserved = /^(PORT|HOST|PATH|HOME|TMPDIR|DYNO|SOURCE_VERSION|LISTEN_(FDS|FDNAMES|PID)|DOUZE_.*)$/;

/** Names that the platform gives itself. */
export function isReserved(name: string): boolean {
  return reserved.test(name);
}

/**
 * Whether a name is one that every JavaScript object has, such as `constructor`: a table by name would answer for it although
 * nobody put it there.
 */
export function isInherited(name: string): boolean {
  return Object.hasOwn(Object.prototype, name);
}

/** What is wrong with a name for a key of config, in words; nothing when it is fine. */
export function variableFlaw(name: string): string | undefined {
  if (!variablePattern.test(name) || isInherited(name)) return variableWords;
  return isReserved(name) ? "another name: the platform sets this one itself" : undefined;
}

const secretName = /(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|PRIVATE|CREDENTIAL|API_?KEY|_KEY$|_PASS$|_PWD$|DSN$)/i;
const urlWithPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]+@/i;

/** Whether what nobody declared should be kept like a secret: it is named like one, or it is a URL that carries a password. */
export function looksSecret(name: string, value: string | undefined): boolean {
  return secretName.test(name) || (value !== undefined && urlWithPassword.test(value));
}

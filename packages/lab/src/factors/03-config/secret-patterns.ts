/** A credential in a text, without its value. */
export interface FoundSecret {
  readonly line: number;
  readonly kind: string;
  /** Enough of it to be found again, and not to be used. */
  readonly shown: string;
  /** Nothing else has that form. */
  readonly sure: boolean;
}

const exact: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n :,-]{64,}/g],
  ["an AWS access key", /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g],
  ["a GitHub token", /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20}\b/g],
  ["a Slack token", /\bxox[abprs]-\d{10,13}-[A-Za-z0-9-]{20,}/g],
  ["a Slack webhook", /https:\/\/hooks\.slack\.com\/services\/T[A-Z0-9]{8,}\/B[A-Z0-9]{8,}\/[A-Za-z0-9]{24}/g],
  ["a Stripe secret key", /\b[sr]k_live_[A-Za-z0-9]{24,}\b/g],
  ["a Google API key", /\bAIza[A-Za-z0-9_-]{35}\b/g],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}\b/g],
  ["a SendGrid key", /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/g],
  ["an age identity", /\bAGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}\b/g],
  ["an OpenAI key", /\bsk-(?:proj-)?[A-Za-z0-9_-]{20}T3BlbkFJ[A-Za-z0-9_-]{20,}\b/g],
  ["an Anthropic key", /\bsk-ant-api\d\d-[A-Za-z0-9_-]{80,}\b/g],
];

const address = /\b([a-z][a-z0-9+]{2,20}):\/\/([^\s:/@"'`<>]+):([^\s@/"'`<>]{3,})@([A-Za-z0-9.-]+)/g;
const ownHosts =
  /^(localhost|127\.|0\.0\.0\.0|::1|host\.docker\.internal|db|database|postgres|postgresql|redis|mysql|mongo|mongodb|rabbitmq|cache|queue|broker)$|^127\.|(^|\.)(example|test|invalid|localhost|local)(\.(com|org|net))?$|^example\./i;
const noPasswords =
  /^(password|passwd|pass|pw|secret|changeme|change-me|example|xxx+|\*+|\.{3}|user|test|dev|admin|root|postgres|guest|.*\$\{?.*|<.*>|%s|\{.*\}?)$/i;
/** Documented not to work, or made of one letter. */
const known = /EXAMPLE|(.)\1{9}/;

/** Credentials in a text, by their form alone. Pure; no guess by how random something looks. */
export function secretsIn(text: string): readonly FoundSecret[] {
  const found: FoundSecret[] = [];
  const lineOf = (index: number): number => text.slice(0, index).split("\n").length;
  for (const [kind, pattern] of exact) {
    for (const match of text.matchAll(pattern)) {
      if (known.test(match[0])) continue;
      found.push({
        line: lineOf(match.index),
        kind,
        shown: kind === "a private key" ? "-----BEGIN …" : `${match[0].slice(0, 6)}…`,
        sure: true,
      });
    }
  }
  for (const match of text.matchAll(address)) {
    const [, scheme = "", user = "", password = "", host = ""] = match;
    if (ownHosts.test(host) || noPasswords.test(password) || password === user || !host.includes(".")) continue;
    found.push({ line: lineOf(match.index), kind: "an address with a password", shown: `${scheme}://${user}:…@${host}`, sure: false });
  }
  return found;
}

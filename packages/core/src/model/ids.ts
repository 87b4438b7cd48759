import { Problem } from "./problem.ts";
import { isInherited } from "./variable.ts";

/** A text or number that was checked once, at the edge, by the parser of its noun. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };
declare const brand: unique symbol;

/** Milliseconds since the epoch. */
export type Instant = Branded<number, "Instant">;
/** Name of one codebase: lower-case letters, digits and dashes, at most 40, as DNS labels are. */
export type AppName = Branded<string, "AppName">;
/** Name of one deploy of an app: `development`, `staging`, `production`, `joe`. Same alphabet as an app's name. */
export type EnvironmentName = Branded<string, "EnvironmentName">;
/** `web`, `worker`, `clock` …: letters, digits, `_` and `-`, at most 63. */
export type ProcessType = Branded<string, "ProcessType">;
/** Number of a release in its ledger, from 1; people see it as `v12`. */
export type ReleaseVersion = Branded<number, "ReleaseVersion">;
/** `sha256:` and 64 hexadecimal digits. */
export type Digest = Branded<string, "Digest">;

const dnsLabel = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
const processName = /^[A-Za-z0-9_-]{1,63}$/;

/**
 * Adds a length of time to an instant.
 *
 * @param ms - milliseconds; negative looks back
 */
export function later(at: Instant, ms: number): Instant {
  return (at + ms) as Instant;
}

/** Later than anything: what is due then does not happen by itself. The last instant that a date can hold. */
export const endOfTime: Instant = 8_640_000_000_000_000 as Instant;

/** @throws Problem name-invalid - empty, too long, or with a character that is not allowed, such as a path separator */
export function appName(text: string): AppName {
  if (!dnsLabel.test(text)) throw nameInvalid("app", text, "lower-case letters, digits and dashes, first a letter, at most 40");
  return text as AppName;
}

/** @throws Problem name-invalid - empty, too long, or with a character that is not allowed, such as a path separator */
export function environmentName(text: string): EnvironmentName {
  if (!dnsLabel.test(text)) throw nameInvalid("environment", text, "lower-case letters, digits and dashes, first a letter, at most 40");
  return text as EnvironmentName;
}

/** @throws Problem name-invalid - empty, too long, or with a character that is not allowed, such as a path separator */
export function processType(text: string): ProcessType {
  if (!processName.test(text) || isInherited(text)) throw nameInvalid("process type", text, "letters, digits, `_` and `-`, at most 63");
  return text as ProcessType;
}

/**
 * Reads `v12` or `12`.
 *
 * @throws Problem name-invalid - not a release's number
 */
export function releaseVersion(text: string): ReleaseVersion {
  const match = /^v?([1-9][0-9]{0,8})$/.exec(text);
  if (match?.[1] === undefined) throw nameInvalid("release", text, "a number such as `v12`");
  return Number(match[1]) as ReleaseVersion;
}

/** How people see a release's number: `v12`. */
export function versionName(version: ReleaseVersion): string {
  return `v${version}`;
}

/** @throws Problem name-invalid - not `sha256:` and 64 hexadecimal digits */
export function digest(text: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw nameInvalid("digest", text, "`sha256:` and 64 hexadecimal digits");
  return text as Digest;
}

function nameInvalid(noun: string, text: string, allowed: string): Problem {
  return new Problem({
    code: "name-invalid",
    what: `\`${text.slice(0, 80)}\` cannot be the name of ${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`,
    why: `allowed is: ${allowed}`,
    fix: "choose another name",
  });
}

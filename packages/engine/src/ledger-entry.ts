import { type Amendment, Problem, type Release, type ReleaseOutcome } from "@douze/core";
import * as z from "zod/mini";

/** The values that are sealed: of secrets, of every attachment, and of overrides whose key is secret. */
export interface Hidden {
  readonly config: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly attachments: Readonly<Record<string, string>>;
}

/** Splits a release into what may lie open on a disk and what must be sealed. */
export function hideValues(release: Release): { readonly open: Release; readonly hidden?: Hidden } {
  const secret = (key: string): boolean => release.config[key]?.secret ?? release.manifest.config[key]?.secret ?? false;
  const config = mapped(release.config, (value, key) => (secret(key) ? { ...value, value: "" } : value));
  const overrides = mapped(release.overrides, (value, key) => (secret(key) ? { ...value, value: "" } : value));
  const attachments = mapped(release.attachments, (value) => ({ ...value, url: "" }));
  const hidden: Hidden = {
    config: valuesOf(release.config, secret),
    overrides: valuesOf(release.overrides, secret),
    attachments: Object.fromEntries(Object.entries(release.attachments).map(([name, { url }]) => [name, url])),
  };
  const open = { ...release, config, overrides, attachments };
  const empty = [hidden.config, hidden.overrides, hidden.attachments].every((each) => Object.keys(each).length === 0);
  return empty ? { open } : { open, hidden };
}

/** Puts sealed values back. */
export function restoreValues(release: Release, hidden: Hidden): Release {
  return {
    ...release,
    config: mapped(release.config, (value, key) => ({ ...value, value: hidden.config[key] ?? value.value })),
    overrides: mapped(release.overrides, (value, key) => ({ ...value, value: hidden.overrides[key] ?? value.value })),
    attachments: mapped(release.attachments, (value, name) => ({ ...value, url: hidden.attachments[name] ?? value.url })),
  };
}

const place = { since: z.number(), by: z.string(), at: z.number() };
const outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("succeeded"), at: z.number() }),
  z.object({ kind: z.literal("failed"), at: z.number(), step: z.enum(["task", "resources", "boot", "superseded"]), why: z.string() }),
]);
const frozen = z.looseObject({ value: z.string(), secret: z.boolean(), live: z.boolean(), from: z.string(), ...place });
const override = z.looseObject({ value: z.string(), ...place });
const formation = z.record(z.string(), z.number());
const amendment = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("scale"), scaled: formation, by: z.string(), at: z.number() }),
  z.object({
    kind: z.literal("live"),
    config: z.record(z.string(), z.nullable(frozen)),
    overrides: z.record(z.string(), z.nullable(override)),
    by: z.string(),
    at: z.number(),
  }),
]);
const release = z.looseObject({
  format: z.literal(1),
  version: z.number(),
  app: z.string(),
  environment: z.string(),
  build: z.string(),
  source: z.looseObject({ dirty: z.boolean() }),
  manifest: z.looseObject({ processes: z.record(z.string(), z.looseObject({ command: z.string() })), config: z.looseObject({}) }),
  config: z.record(z.string(), frozen),
  overrides: z.record(z.string(), override),
  attachments: z.record(z.string(), z.looseObject({ type: z.string(), as: z.string(), url: z.string(), ...place })),
  detached: z.array(z.string()),
  formation,
  scaled: formation,
  createdAt: z.number(),
  by: z.string(),
  reason: z.looseObject({ kind: z.enum(["deploy", "config", "attach", "detach", "rollback", "promote"]) }),
  description: z.string(),
  sealed: z.optional(z.string()),
});

/** @throws Problem ledger-unreadable - not JSON, or not a release */
export function releaseEntry(text: string, file: string): Release {
  const { format: _format, sealed: _sealed, ...entry } = parse(release, text, file);
  // What was checked is what the loop relies on; the rest was written by the same types and is carried as it is.
  return entry as unknown as Release;
}

/** @throws Problem ledger-unreadable - not JSON, or not an outcome */
export function outcomeEntry(text: string, file: string): ReleaseOutcome {
  return parse(outcome, text, file) as ReleaseOutcome;
}

/** @throws Problem ledger-unreadable - not JSON, or not an amendment */
export function amendmentEntry(text: string, file: string): Amendment {
  return parse(amendment, text, file) as Amendment;
}

function parse<T>(schema: z.ZodMiniType<T>, text: string, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(file, text.trim() === "" ? "it is empty" : "it is not JSON", cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unreadable(file, issue ? `\`${issue.path.join(".")}\` is not as it should be (${issue.code})` : "its shape is wrong", result.error);
}

function unreadable(file: string, why: string, cause: unknown): Problem {
  return new Problem({
    code: "ledger-unreadable",
    what: `the ledger entry ${file} cannot be read`,
    why,
    fix: "restore the file from a backup of the state folder; Douze changes nothing while an entry is damaged",
    places: [{ file, line: 1, column: 1 }],
    cause,
  });
}

function mapped<V, R>(from: Readonly<Record<string, V>>, make: (value: V, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, make(value, key)]));
}

function valuesOf(from: Readonly<Record<string, { readonly value: string }>>, wanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(from).flatMap(([key, { value }]) => (wanted(key) ? [[key, value]] : [])));
}

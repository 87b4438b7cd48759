import { resourceTypes } from "@douze/core";
import * as z from "zod";
import type { Examination } from "../model/examination.ts";
import { factorNames } from "../model/factor.ts";
import type { CheckResult } from "../model/result.ts";
import type { Finding, UnknownReason } from "../model/verdict.ts";
import type { Standing, Waiver } from "../plan/accept.ts";
import type { Outcome } from "../plan/outcome.ts";

/** Of the form below; it grows by keys alone within a number. */
export const reportVersion = 1;

/** What a JSON report holds: the examination as it was, and what that comes to. */
export interface Report extends Omit<Examination, "results"> {
  readonly version: typeof reportVersion;
  /** What was seen (`evidence`) is of each check's own form, and may be absent. */
  readonly results: readonly (Omit<CheckResult, "evidence"> & { readonly evidence?: unknown })[];
  readonly findings: readonly ReportedFinding[];
  readonly factors: Outcome["factors"];
  readonly coverage: Outcome["coverage"];
  readonly unusedWaivers: readonly Waiver[];
  /** Fingerprints of the baseline that were not found any more. */
  readonly gone: readonly string[];
}

export interface ReportedFinding extends Finding {
  readonly fingerprint: string;
  readonly id: string;
  readonly code: string;
  readonly standing: Standing["kind"];
  readonly waiver?: Waiver;
}

const severity = z.enum(["error", "warning", "note"]);
const text = (description: string): z.ZodString => z.string().meta({ description });
const count = z.int().min(0);
const ms = (description: string): z.ZodNumber =>
  z
    .number()
    .min(0)
    .meta({ description: `${description}, in milliseconds` });
const at = z.number().meta({ description: "Milliseconds since the epoch" });
const lines = z.array(z.string());
const texts = z.record(z.string(), z.string());

const place = z.object({
  file: text("Relative to the app's folder"),
  line: z.int().min(1).exactOptional(),
  text: z.string().exactOptional(),
});

const change = z.object({ says: z.string(), env: texts.exactOptional(), commands: texts.exactOptional() });

const finding = z.object({
  subject: text("What it is about: the same from run to run, and from machine to machine"),
  severity,
  what: text("What was seen, with its numbers"),
  details: lines.exactOptional(),
  where: place.exactOptional(),
  control: text("What the same experiment showed without the fault"),
  fix: z.object({ text: z.string(), change: change.exactOptional() }).exactOptional(),
});

const reasons = [
  "no-start",
  "no-url",
  "no-power",
  "no-engine",
  "no-sandbox",
  "unstable",
  "budget",
  "needs-hint",
  "tool-missing",
  "machine",
] as const satisfies readonly UnknownReason[];

const ruling = z.discriminatedUnion("verdict", [
  z.object({ verdict: z.literal("pass"), what: z.string(), power: text("What made it able to fail") }),
  z.object({
    verdict: z.literal("fail"),
    confidence: z.enum(["proven", "exact", "observed", "inferred"]),
    findings: z.tuple([finding], finding),
  }),
  z.object({ verdict: z.literal("inapplicable"), because: z.string() }),
  z.object({ verdict: z.literal("unknown"), reason: z.enum(reasons), because: z.string(), add: text("What would make it testable") }),
]);

const result = z.object({
  id: text("Stable: disposability/sigterm-exit"),
  code: text("For people: IX.sigterm-exit"),
  ruling,
  runs: z.array(z.enum(["pass", "fail", "inapplicable", "unknown"])).meta({ description: "What each run came to, in order" }),
  trials: z.array(z.object({ subject: z.string(), says: z.string(), holds: z.boolean(), what: z.string() })).meta({
    description: "Fixes that were tried",
  }),
  timeline: z.array(z.object({ at, who: z.string(), what: z.string(), untilAt: at.exactOptional() })),
  evidence: z.unknown().optional().meta({ description: "What was seen, in the check's own form" }),
  tookMs: ms("All runs"),
  seed: z.string(),
});

const capability = z.discriminatedUnion("there", [
  z.object({ there: z.literal(true), says: z.string() }),
  z.object({ there: z.literal(false), says: z.string(), add: z.string() }),
]);

const request = z.object({ method: z.string(), path: z.string(), headers: texts, body: z.string().exactOptional() });

const web = z.object({
  type: z.string(),
  pages: z.array(
    z.object({
      path: z.string(),
      status: z.int(),
      tookMs: ms("Median of three"),
      services: z.array(z.string()),
      slow: z.boolean(),
      isHealth: z.boolean(),
    }),
  ),
  roundtrip: z
    .object({
      way: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("hint"), hint: z.object({ create: request, read: request }) }),
        z.object({ kind: z.literal("form"), page: z.string() }),
      ]),
      from: z.string(),
    })
    .exactOptional(),
});

const undisturbed = z.discriminatedUnion("started", [
  z.object({ started: z.literal(false), reason: z.enum(reasons).exactOptional(), because: z.string(), lines }),
  z.object({
    started: z.literal(true),
    startMs: ms("From the start until it was ready"),
    web: web.exactOptional(),
    others: z.array(z.object({ type: z.string(), stayed: z.boolean(), lines })),
    migrated: z.object({ ok: z.boolean(), lines }).exactOptional(),
  }),
]);

const waiver = z.object({ check: z.string(), subject: z.string(), reason: z.string(), owner: z.string(), until: z.iso.date() });

/** A value that fits is a `Report`, or this does not compile; that a report fits is tested. */
const shape: z.ZodType<Report> = z
  .object({
    version: z.literal(reportVersion),
    app: z.string(),
    directory: z.string(),
    commit: z.string().exactOptional(),
    dirty: z.boolean().meta({ description: "Whether files differ from the commit" }),
    build: text("The build's digest").exactOptional(),
    startedAt: at,
    tookMs: ms("All of it"),
    profile: z.enum(["static", "standard", "deep"]),
    seed: text("The same with `--seed` takes the same chances"),
    capabilities: z.object({ sandbox: capability, trace: capability, git: capability, engines: capability }),
    processes: z.array(z.object({ type: z.string(), command: z.string(), declared: z.string(), from: z.string(), routed: z.boolean() })),
    services: z.array(
      z.object({ name: z.string(), type: z.enum(resourceTypes), variable: z.string(), required: z.boolean(), from: z.string() }),
    ),
    baseline: undisturbed.meta({ description: "What the app does when nothing is done to it" }).exactOptional(),
    results: z.array(result).meta({ description: "In the order of the factors" }),
    findings: z
      .array(
        finding.extend({
          fingerprint: text("By which it is known again"),
          id: z.string(),
          code: z.string(),
          standing: z.enum(["new", "known", "waived", "expired"]),
          waiver: waiver.exactOptional(),
        }),
      )
      .meta({ description: "All findings, with what each counts for" }),
    factors: z.array(z.object({ factor: z.enum(factorNames), state: z.enum(["holds", "breaks", "waived", "not applicable", "untested"]) })),
    coverage: z
      .object({ tested: count, of: count })
      .meta({ description: "Core checks that came to a verdict, of those that concern the app" }),
    unusedWaivers: z.array(waiver),
    gone: z.array(z.string()),
  })
  .meta({
    title: "Report of douze check",
    description: "What `douze check --report file.json` and `douze check --json` write. It grows by keys alone within a version",
  });

/** JSON Schema (draft 2020-12) of a report. */
export function reportSchema(): object {
  return z.toJSONSchema(shape, { io: "input" });
}

import type { Instant, Manifest, Release, ReleaseOutcome, ReleaseVersion } from "@douze/core";
import type { LedgerRecord } from "../../src/ledger.ts";

/** A small manifest; what a test is about it names itself. */
export function manifest(rest: Partial<Manifest> = {}): Manifest {
  const web = { command: "node web.js", scale: 1, graceMs: 30_000, bootMs: 60_000, settleMs: 1_000, routed: true };
  const text: unknown = { app: "shop", source: "douze.yaml", build: {}, processes: { web }, cron: {}, resources: {}, config: {}, ...rest };
  return text as Manifest;
}

/** A release as the ledger holds it. */
export function release(version: number, rest: Partial<Release> = {}): Release {
  const text: unknown = {
    version,
    app: "shop",
    environment: "production",
    build: `sha256:${"a".repeat(64)}`,
    source: { commit: "c".repeat(40), dirty: false, tree: `sha256:${"b".repeat(64)}` },
    manifest: manifest(),
    config: {},
    overrides: {},
    attachments: {},
    detached: [],
    formation: { web: 1 },
    scaled: {},
    createdAt: 1_000 * version,
    by: "ana@home",
    reason: { kind: "deploy" },
    description: "deploy ccccccc",
    ...rest,
  };
  return text as Release;
}

export function record(version: number, outcome?: "succeeded" | "failed", rest: Partial<Release> = {}): LedgerRecord {
  const at = 0 as Instant;
  const ends: Record<string, ReleaseOutcome> = {
    succeeded: { kind: "succeeded", at },
    failed: { kind: "failed", at, step: "boot", why: "web.1: it exited with status 1" },
  };
  const end = outcome && ends[outcome];
  return { release: release(version, rest), amendments: [], ...(end && { outcome: end }) };
}

export const version = (number: number): ReleaseVersion => number as ReleaseVersion;
export const at = (ms: number): Instant => ms as Instant;

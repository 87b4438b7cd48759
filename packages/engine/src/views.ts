import {
  type FrozenValue,
  type Instant,
  type Observed,
  type ObservedProcess,
  type Outcome,
  type ProcessDeclaration,
  type ProcessLimits,
  processName,
  type Release,
  type ReleaseVersion,
} from "@douze/core";
import { currentOf, standing } from "./history.ts";
import type { LedgerRecord } from "./ledger.ts";
import type { RunRecord } from "./run-book.ts";
import type { AttachmentView, ConfigView, CronRunView, ProcessView, ReleaseView, RunView } from "./view.ts";

/** What is shown of a release: never a secret. */
export function releaseView(record: LedgerRecord, records: readonly LedgerRecord[]): ReleaseView {
  const release = standing(record);
  return {
    version: release.version,
    status: status(record, currentOf(records)?.release.version),
    build: release.build,
    source: release.source,
    description: release.description,
    reason: release.reason,
    by: release.by,
    createdAt: release.createdAt,
    formation: release.formation,
    config: configViews(release),
    attachments: attachmentViews(release),
    processes: Object.fromEntries(Object.entries(release.manifest.processes).map(([type, each]) => [type, limitsOf(each)])),
    ...(release.manifest.console !== undefined && { console: release.manifest.console }),
    ...(record.outcome && { outcome: record.outcome }),
  };
}

function limitsOf({ memoryBytes, limits }: ProcessDeclaration): ProcessLimits {
  return { ...(memoryBytes !== undefined && { memoryBytes }), ...limits };
}

export function configViews(release: Release): ConfigView[] {
  return Object.entries(release.config)
    .map(([key, value]) => configView(key, value))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function configView(key: string, { value, ...rest }: FrozenValue): ConfigView {
  return { key, ...(rest.secret ? {} : { value }), ...rest };
}

function attachmentViews(release: Release): AttachmentView[] {
  return Object.entries(release.attachments).map(([resource, { type, as, kind, address, since }]) => ({
    resource,
    type,
    as,
    kind,
    at: address,
    since,
  }));
}

export function processViews(observed: Observed, releases: (version: ReleaseVersion) => Release | undefined, now: Instant): ProcessView[] {
  return observed.releases
    .flatMap(({ release, processes }) => processes.map((process) => processView(process, releases(release), now)))
    .sort((a, b) => (a.process === b.process ? a.index - b.index || b.release - a.release : a.process < b.process ? -1 : 1));
}

function processView(seen: ObservedProcess, release: Release | undefined, now: Instant): ProcessView {
  const { process, index } = seen.slot;
  return {
    name: processName(seen.slot),
    process,
    index,
    release: seen.slot.release,
    phase: seen.phase,
    restarts: seen.restarts,
    command: release?.manifest.processes[process]?.command ?? "",
    ...(seen.phase !== "exited" && { pid: seen.pid, startedAt: seen.startedAt }),
    ...(seen.phase === "exited" && { restartAt: seen.restartAt }),
    ...(seen.phase === "ready" && seen.memoryBytes !== undefined && { memoryBytes: seen.memoryBytes }),
    ...(seen.phase === "ready" && seen.port !== undefined && { port: seen.port }),
    ...(seen.phase === "ready" && seen.requests && { requests: seen.requests }),
    ...(seen.last && { last: `${outcomeText(seen.last.outcome)}, ${ago(seen.last.at, now)}` }),
  };
}

/** `exited with status 3`, `killed by SIGSEGV` */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.by) {
    case "exit":
      return `exited with status ${outcome.code}`;
    case "signal":
      return `killed by ${outcome.signal}`;
    case "unknown":
      return "ended unseen";
  }
}

export function cronRunView(record: RunRecord): CronRunView {
  return {
    entry: record.entry ?? "",
    run: record.run,
    scheduledAt: record.scheduledAt ?? record.startedAt,
    result: record.ended?.result ?? "running",
    ...(record.release !== undefined && { release: record.release }),
    ...(ran(record) && { startedAt: record.startedAt }),
    ...(record.ended && ran(record) && { endedAt: record.ended.at }),
    ...(record.ended?.outcome && { outcome: record.ended.outcome }),
  };
}

export function runView(record: RunRecord): RunView {
  return {
    run: record.run,
    command: record.command,
    release: record.release ?? (0 as ReleaseVersion),
    by: record.by,
    startedAt: record.startedAt,
    ...(record.ended && { endedAt: record.ended.at }),
    ...(record.ended?.outcome && { outcome: record.ended.outcome }),
  };
}

/** A missed or skipped run was never started. */
function ran(record: RunRecord): boolean {
  return record.ended?.result !== "missed" && record.ended?.result !== "skipped";
}

function status(record: LedgerRecord, current: ReleaseVersion | undefined): ReleaseView["status"] {
  if (!record.outcome) return "pending";
  if (record.outcome.kind === "failed") return "failed";
  return record.release.version === current ? "current" : "superseded";
}

function ago(at: Instant, now: Instant): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

import type { AppName, Digest, EnvironmentName, Formation, Instant, LogLine, ProcessType, ReleaseVersion } from "@douze/core";
import type {
  ConfigView,
  CrashBundle,
  CronRunView,
  DrainView,
  Operations,
  ProcessView,
  ReleaseDiff,
  ReleaseView,
  RunView,
  ScalingView,
  Status,
} from "@douze/engine";

// A transport's other end: it answers with fixed values and keeps what it was called with. It decides nothing, so it is no engine.

export const at = 1_795_190_400_000 as Instant;
export const v = (version: number): ReleaseVersion => version as ReleaseVersion;
export const build = `sha256:${"a".repeat(64)}` as Digest;

export const status: Status = {
  app: "hola" as AppName,
  environment: "development" as EnvironmentName,
  running: true,
  pid: 4711,
  current: v(12),
  formation: { web: 2, worker: 1 } as Formation,
  maintenance: false,
  isolation: ["processes run as user 60706, which nobody else has"],
  addresses: ["http://127.0.0.1:5000"],
};

export const greeting: ConfigView = {
  key: "GREETING",
  value: "¡Hola!\n",
  secret: false,
  live: true,
  from: "ledger",
  since: v(9),
  by: "ada@laptop",
  at,
};

export const release: ReleaseView = {
  version: v(12),
  status: "current",
  build,
  source: { commit: "4f2a91c".padEnd(40, "0"), ref: "main", dirty: false, tree: build },
  description: "deploy 4f2a91c",
  reason: { kind: "deploy" },
  by: "ada@laptop",
  createdAt: at,
  outcome: { kind: "succeeded", at },
  formation: { web: 2 } as Formation,
  config: [greeting],
  attachments: [{ resource: "db", type: "postgres", as: "DATABASE_URL", kind: "embedded", at: "", since: v(1) }],
  processes: { ["web" as ProcessType]: { memoryBytes: 268_435_456 } },
};

export const diff: ReleaseDiff = {
  from: v(11),
  to: v(12),
  config: [{ name: "GREETING", change: "changed", from: "Hello", to: "Hola" }],
  attachments: [],
  formation: [],
  manifest: [],
};

export const web: ProcessView = {
  name: "web.1",
  process: "web" as ProcessView["process"],
  index: 1,
  release: v(12),
  phase: "ready",
  pid: 4720,
  startedAt: at,
  restarts: 0,
  memoryBytes: 61_865_984,
  port: 41_873,
  requests: { via: "router", why: "several apps share the port" },
  command: "node server.js",
};

export const cronRun: CronRunView = {
  entry: "report",
  run: "cron.report.1",
  scheduledAt: at,
  result: "succeeded",
  outcome: { by: "exit", code: 0 },
};
export const runView: RunView = { run: "run.7", command: "node migrate.js", release: v(12), by: "ada@laptop", startedAt: at };
export const line: LogLine = { at, process: "web.1", release: "v12", stream: "stdout", text: "listening on 41873" };
export const crash: CrashBundle = {
  id: "c1",
  process: "web.1",
  release: v(12),
  at,
  startedAt: at,
  ending: "exited with status 3",
  command: "node server.js",
  restarts: 2,
  lines: [line],
};

export const drain: DrainView = {
  name: "collector",
  to: "https://logs.example.org",
  sent: 120,
  dropped: 3,
  behindBytes: 4096,
  trouble: "connect ECONNREFUSED",
  since: at,
};

export const scaling: ScalingView = { process: "web" as ProcessType, count: 3, min: 2, max: 10, why: "cpu 68 % of 70 %", at };

export interface Called {
  readonly name: keyof Operations;
  readonly given: readonly unknown[];
}

/** @param called - filled with every call: its name, and what it was given without listeners and signals */
export function fixedOperations(called: Called[] = []): Operations {
  const note = (name: keyof Operations, ...given: unknown[]): void =>
    void called.push({ name, given: given.filter((each) => each !== undefined) });
  const told = <T>(answer: T, name: keyof Operations, ...given: unknown[]): T => {
    note(name, ...given);
    return answer;
  };
  return {
    status: async () => told(status, "status"),
    deploy: async (request, onProgress) => {
      note("deploy", request);
      onProgress({ stage: "build", text: "npm ci" });
      onProgress({ stage: "output", text: "added 12 packages" });
      onProgress({ stage: "release", text: "v12", release: v(12) });
      return release;
    },
    changeConfig: async (request, onProgress) => {
      note("changeConfig", request);
      onProgress({ stage: "release", text: "v12" });
      return { release, live: ["GREETING"] };
    },
    attach: async (request, onProgress) => {
      note("attach", request);
      onProgress({ stage: "release", text: "v12" });
      return release;
    },
    detach: async (request, onProgress) => {
      note("detach", request);
      onProgress({ stage: "release", text: "v12" });
      return release;
    },
    rollbackPreview: async (to) => told(diff, "rollbackPreview", to),
    rollback: async (request, onProgress) => {
      note("rollback", request);
      onProgress({ stage: "process", text: "web.1 is ready" });
      return release;
    },
    releases: async () => told([release], "releases"),
    release: async (version) => told(release, "release", version),
    diff: async (from, to) => told(diff, "diff", from, to),
    config: async () => told([greeting], "config"),
    configKey: async (key) => {
      note("configKey", key);
      return {
        key,
        current: greeting,
        layers: [{ from: "ledger", value: "¡Hola!\n", secret: false, where: "v9" }],
        type: "string",
        required: true,
      };
    },
    processes: async () => told([web], "processes"),
    scale: async (request) => told(request.formation, "scale", request),
    restart: async (names) => note("restart", names),
    maintenance: async (on) => note("maintenance", on),
    resources: async () => {
      note("resources");
      return [
        {
          resource: "db",
          type: "postgres",
          as: "DATABASE_URL",
          required: true,
          kind: "embedded",
          at: "127.0.0.1:41000",
          reachable: true,
          detail: "PostgreSQL 18",
        },
      ];
    },
    backup: async (resource) => told({ file: "backups/db.dump", sizeBytes: 1024 }, "backup", resource),
    restore: async (request) => note("restore", request),
    cron: async () => {
      note("cron");
      return [
        { entry: "report", schedule: "0 3 * * *", timeZone: "UTC", overlap: "forbid", command: "node report.js", next: at, last: cronRun },
      ];
    },
    cronRuns: async (entry) => told([cronRun], "cronRuns", entry),
    cronRun: async (entry) => told(cronRun, "cronRun", entry),
    runs: async () => told([runView], "runs"),
    scaling: async () => told([scaling], "scaling"),
    drains: async () => told([drain], "drains"),
    runDetached: async (request) => told(runView, "runDetached", request),
    oneOff: async (request) => told({ run: "run.8", release: v(12), place: { cwd: "/", env: { GREETING: "Hola" } } }, "oneOff", request),
    oneOffEnded: async (request) => note("oneOffEnded", request),
    logs: async function* (query) {
      note("logs", query);
      yield line;
      yield { ...line, text: "one\ttwo \u2028 three", continued: true };
    },
    crashes: async (process) => told([crash], "crashes", process),
    shutDown: async () => note("shutDown"),
  };
}

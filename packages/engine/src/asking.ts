import { diffReleases, type Formation, Problem, type ProcessType, type Release, type ReleaseVersion } from "@douze/core";
import { configWhy } from "./config-why.ts";
import { currentOf, standing } from "./history.ts";
import type { Home, Running } from "./home.ts";
import { type LedgerRecord, unknownRelease } from "./ledger.ts";
import { cronViews, endOneOff, oneOff, runCronNow, runDetached } from "./one-offs.ts";
import type { Operations } from "./operations.ts";
import { Queue } from "./queue.ts";
import { changeAttachment, changeConfig, deployRelease, rollBack, targetOf, unsealed } from "./releasing.ts";
import { backUp, resourceViews, restoreResource } from "./resources.ts";
import type { ReleaseDiff } from "./view.ts";
import { configViews, cronRunView, processViews, releaseView, runView } from "./views.ts";

/** All that can be asked of an engine, each in a line or two: what makes a release is done one after the other. */
export function operationsOn(home: Home): Operations {
  const { ledger, book } = home;
  const releasing = new Queue();
  const running = (): Running => home.running ?? notRunning(home);
  return {
    status: async () => status(home),
    deploy: (request, onProgress) => releasing.add(() => deployRelease(home, request, onProgress)),
    changeConfig: (request, onProgress) => releasing.add(() => changeConfig(home, request, onProgress)),
    attach: ({ by, ...request }, onProgress) => releasing.add(() => changeAttachment(home, { kind: "attach", ...request }, by, onProgress)),
    detach: ({ by, resource }, onProgress) => releasing.add(() => changeAttachment(home, { kind: "detach", resource }, by, onProgress)),
    rollbackPreview: async (to) => await diff(home, current(home).release.version, targetOf(home, to)),
    rollback: ({ to, by }, onProgress) => releasing.add(() => rollBack(home, to, by, onProgress)),
    releases: async () => ledger.records().map((record) => releaseView(record, ledger.records())),
    release: async (version) => releaseView(known(home, version), ledger.records()),
    diff: (from, to) => diff(home, from, to),
    config: async () => configViews(standing(current(home))),
    configKey: (key) => configWhy(home, key),
    processes: async () => {
      const observed = home.running?.observed();
      const release = (version: ReleaseVersion): Release | undefined => ledger.get(version)?.release;
      return observed ? processViews(observed, release, home.clock()) : [];
    },
    scaling: async () => home.running?.scaler.views ?? [],
    scale: ({ formation, by }) => releasing.add(() => scale(home, formation, by)),
    restart: async (names) => {
      checkNames(home, names);
      running().refresh(names);
    },
    maintenance: async (on) => await running().maintain(on),
    resources: () => resourceViews(home),
    backup: (resource) => backUp(home, resource),
    restore: (request) => restoreResource(home, running(), request),
    cron: async () => cronViews(home),
    cronRuns: async (entry) =>
      book
        .records()
        .filter((record) => record.kind === "cron" && (entry === undefined || record.entry === entry))
        .map(cronRunView),
    cronRun: (entry) => runCronNow(home, running(), entry),
    runs: async () => book.records().flatMap((record) => (record.kind === "cron" ? [] : [runView(record)])),
    runDetached: (request) => runDetached(home, running(), request),
    oneOff: (request) => oneOff(home, running(), request),
    oneOffEnded: (request) => endOneOff(home, request),
    logs: (query, signal) => (home.running?.driver ?? home.archive).logs(query, signal),
    crashes: (process) => (home.running?.driver ?? home.archive).crashes(process),
    drains: async () => home.running?.drains() ?? [],
    shutDown: async () => running().shutDown(),
  };
}

/** @throws Problem no-release - nothing is current yet */
export function current(home: Home): LedgerRecord {
  const record = currentOf(home.ledger.records());
  if (record) return record;
  throw new Problem({
    code: "no-release",
    what: `${home.app} has no good release in ${home.environment} yet`,
    why: home.ledger.records().length === 0 ? "nothing was deployed" : "none of its releases became ready",
    fix: "`douze up` starts it here; `douze releases` shows what became of each release",
  });
}

function known(home: Home, version: ReleaseVersion): LedgerRecord {
  const record = home.ledger.get(version);
  if (!record) throw unknownRelease(version);
  return record;
}

async function diff(home: Home, from: ReleaseVersion, to: ReleaseVersion): Promise<ReleaseDiff> {
  return diffReleases(await unsealed(home, from), await unsealed(home, to));
}

function status(home: Home): Awaited<ReturnType<Operations["status"]>> {
  const records = home.ledger.records();
  const now = currentOf(records);
  const last = records.at(-1);
  return {
    app: home.app,
    environment: home.environment,
    running: home.running !== undefined,
    pid: process.pid,
    formation: now ? formationOf(home, standing(now)) : {},
    maintenance: home.running?.observed()?.maintenance ?? false,
    addresses: home.running?.addresses ?? [],
    isolation: home.running?.isolation ?? [],
    ...(now && { current: now.release.version }),
    ...(last && !last.outcome && { candidate: last.release.version }),
  };
}

async function scale(home: Home, asked: Formation, by: string): Promise<Formation> {
  const record = current(home);
  const { processes } = record.release.manifest;
  for (const [type, count] of Object.entries(asked)) {
    if (!(type in processes)) throw unknownType(type, Object.keys(processes));
    if (!Number.isInteger(count) || count < 0 || count > mostProcesses) throw badCount(type, count);
  }
  await home.ledger.amend(record.release.version, { kind: "scale", scaled: asked, by, at: home.clock() });
  home.running?.scaler.set(asked);
  home.running?.loop.look();
  return formationOf(home, standing(current(home)));
}

/** As it is wanted now, with the counts of autoscaling. */
function formationOf({ running }: Home, release: Release): Formation {
  return running?.scaler.formation(release) ?? release.formation;
}

/** Of one type, on one machine: more is a slip of the finger. */
const mostProcesses = 1000;

function checkNames(home: Home, names: readonly string[]): void {
  const { processes } = current(home).release.manifest;
  for (const name of names) {
    const type = name.replace(/\.\d+$/, "");
    if (!(type in processes)) throw unknownType(type, Object.keys(processes));
    if (type === name) continue;
    const index = Number(name.slice(type.length + 1));
    const count = formationOf(home, standing(current(home)))[type as ProcessType] ?? 0;
    if (index < 1 || index > count) {
      throw new Problem({
        code: "process-unknown",
        what: `there is no process ${name}`,
        why: `${count} of type ${type} are wanted`,
        fix: "`douze ps` lists what runs",
      });
    }
  }
}

function unknownType(type: string, known: readonly string[]): Problem {
  return new Problem({
    code: "process-unknown",
    what: `there is no process type \`${type}\``,
    why: `the current release has: ${known.join(", ")}`,
    fix: "`douze ps` lists what runs",
  });
}

function badCount(type: string, count: number): Problem {
  return new Problem({
    code: "scale-invalid",
    what: `\`${type}\` cannot be scaled to ${count}`,
    why: `a number of processes is a whole number from 0 to ${mostProcesses}`,
    fix: `for example \`douze scale ${type}=2\``,
  });
}

function notRunning(home: Home): never {
  throw new Problem({
    code: "engine-not-running",
    what: `${home.app} is not running in ${home.environment}`,
    why: "no engine holds its state",
    fix: `start it: \`douze up --env ${home.environment}\``,
  });
}

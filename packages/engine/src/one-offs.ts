import { type Outcome, Problem, type RunName, shellQuoted } from "@douze/core";
import { current } from "./asking.ts";
import { nextDue, startCronRun } from "./crontab.ts";
import { currentOf } from "./history.ts";
import type { Home, Running } from "./home.ts";
import type { OneOff } from "./operations.ts";
import type { RunRecord } from "./run-book.ts";
import type { CronRunView, CronView, RunView } from "./view.ts";
import { cronRunView, runView } from "./views.ts";

/** As long as a day: what is started in the background and forgotten must end some time. */
const detachedTimeoutMs = 24 * 3_600_000;

export async function runDetached(
  home: Home,
  running: Running,
  request: { readonly command: readonly string[]; readonly by: string },
): Promise<RunView> {
  const release = current(home).release.version;
  const record: RunRecord = {
    run: home.runName(),
    kind: "run",
    command: shellText(request.command),
    release,
    by: request.by,
    startedAt: home.clock(),
  };
  await home.book.start(record);
  await running.driver.apply(
    { do: "run-once", release, run: record.run, command: record.command, timeoutMs: detachedTimeoutMs },
    home.stopping,
  );
  return runView(record);
}

/** The caller starts it in a terminal of its own: signals, job control and exit code need no go-between. */
export async function oneOff(
  home: Home,
  running: Running,
  request: { readonly command: readonly string[]; readonly by: string; readonly pid: number },
): Promise<OneOff> {
  const release = current(home).release.version;
  const run = home.runName();
  const place = await running.driver.oneOff(release, run);
  const command = shellText(request.command);
  await home.book.start({ run, kind: "run", command, release, by: request.by, startedAt: home.clock(), attached: { pid: request.pid } });
  return { run, release, place };
}

export async function endOneOff(home: Home, { run, outcome }: { readonly run: string; readonly outcome: Outcome }): Promise<void> {
  const record = home.book.get(run as RunName);
  if (!record?.attached) {
    throw new Problem({
      code: "run-unknown",
      what: `there is no one-off ${run}`,
      why: "none of that name runs in a terminal",
      fix: "`douze runs` lists them",
    });
  }
  const result = outcome.by === "exit" && outcome.code === 0 ? "succeeded" : "failed";
  await home.book.end(record.run, { at: home.clock(), result, outcome });
}

export function cronViews(home: Home): readonly CronView[] {
  const record = currentOf(home.ledger.records());
  return Object.entries(record?.release.manifest.cron ?? {}).map(([entry, { schedule, timeZone, overlap, command }]) => {
    const next = nextDue(schedule, timeZone, home.clock());
    const last = home.book.records().findLast((each) => each.kind === "cron" && each.entry === entry);
    return { entry, schedule, timeZone, overlap, command, ...(next !== undefined && { next }), ...(last && { last: cronRunView(last) }) };
  });
}

export async function runCronNow(home: Home, running: Running, entry: string): Promise<CronRunView> {
  const { release } = current(home);
  const declared = release.manifest.cron[entry];
  if (!declared) {
    const known = Object.keys(release.manifest.cron).join(", ") || "none";
    throw new Problem({
      code: "cron-unknown",
      what: `there is no cron entry \`${entry}\``,
      why: `the current release has: ${known}`,
      fix: "`douze cron` lists them",
    });
  }
  return cronRunView(await startCronRun(home, running, { entry, declared, scheduledAt: home.clock(), release: release.version }));
}

/** One argument is a shell's line as it stands; several are words, quoted where a shell would take them apart. */
export function shellText(command: readonly string[]): string {
  const [only, ...rest] = command;
  if (only !== undefined && rest.length === 0) return only;
  return command.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : shellQuoted(word))).join(" ");
}

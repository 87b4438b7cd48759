import { join } from "node:path";
import { type Instant, later, Problem, type Run, type RunName, type Step } from "@douze/core";
import { conclude, follow } from "./conclude.ts";
import { HostProcess, type HowItEnded, type Watch } from "./host-process.ts";
import { limitsOf } from "./isolation/isolation.ts";
import { abnormalRunEnd } from "./plan/ending.ts";
import { superviseRuns } from "./plan/runs.ts";
import { type End, RunFolder, type Start, type Stop } from "./run-folder.ts";
import type { Site } from "./site.ts";
import { Tasks } from "./tasks.ts";

export type RunStart = Extract<Start, { readonly kind: "run" }>;
type RunOnce = Extract<Step, { readonly do: "run-once" }>;

interface Going {
  readonly process: HostProcess;
  readonly start: RunStart;
  stop: Extract<Stop, { readonly phase: "stopping" }> | undefined;
}

interface Ended {
  readonly run: Extract<Run, { readonly phase: "exited" }>;
  readonly folder: RunFolder;
}

/**
 * One-offs of this environment: each is started once in its life, which its folder stands for, and is known until it is to be
 * forgotten.
 */
export class Runs implements AsyncDisposable {
  readonly #site: Site;
  readonly #going = new Map<RunName, Going>();
  readonly #ended = new Map<RunName, Ended>();
  readonly #starting = new Set<RunName>();
  readonly #tasks: Tasks;
  #timer: NodeJS.Timeout | undefined;
  #ending = false;
  #onEmpty: (() => void) | undefined;
  #closed = false;

  constructor(site: Site) {
    this.#site = site;
    this.#tasks = new Tasks(site.fail);
  }

  get all(): readonly Run[] {
    const going = [...this.#going.values()].map(({ process, start }): Run => {
      const { run: name, release, startedAt } = start;
      return { phase: "running", name, release, pid: process.pid, startedAt };
    });
    return [...going, ...[...this.#ended.values()].map(({ run }) => run)].toSorted((a, b) => a.startedAt - b.startedAt);
  }

  /** Starts it, unless one of that name was ever started. */
  async runOnce({ run, release, command, timeoutMs }: RunOnce): Promise<void> {
    const folder = new RunFolder(join(this.#site.runDirectory, checkedName(run)));
    if (this.#going.has(run) || this.#ended.has(run) || this.#starting.has(run)) return;
    this.#starting.add(run);
    try {
      const { releases, clock, bootId, logs } = this.#site;
      const text = await releases.command(release, command, run);
      const place = await releases.place(release, { name: run, tmp: folder.tmp });
      const start: RunStart = { kind: "run", id: run, run, release, command: text, timeoutMs, startedAt: clock(), bootId };
      if (this.#ending || this.#closed || !folder.create(start, place.user)) return;
      const cgroups = this.#site.isolation.cgroups?.make(run, limitsOf({}));
      const process: HostProcess = HostProcess.begin(folder, start, { ...place, ...(cgroups && { cgroups }) }, this.#watch(run));
      process.follow(logs);
      this.#going.set(run, { process, start, stop: undefined });
    } finally {
      this.#starting.delete(run);
    }
    this.look();
  }

  endRun(name: RunName, deadline: Instant): void {
    const going = this.#going.get(name);
    if (going?.stop) going.stop = { ...going.stop, deadline: Math.min(going.stop.deadline, deadline) as Instant };
    else if (going) this.#terminate(going, deadline, false);
    this.look();
  }

  /** What still goes on is not forgotten. */
  forget(name: RunName): void {
    const ended = this.#ended.get(name);
    if (!ended) return;
    this.#ended.delete(name);
    this.#site.changed();
    try {
      ended.folder.removeEnded();
    } catch (error) {
      this.#site.trouble(error);
    }
  }

  /** Takes over a run that an earlier engine started. */
  adopt(folder: RunFolder, start: RunStart): void {
    const end = folder.end();
    if (end) {
      this.#recall(folder, start, end);
      return;
    }
    const { bootId } = this.#site;
    const process: HostProcess = HostProcess.adopt(folder, start, bootId, this.#watch(start.run));
    const stop = start.bootId === bootId ? folder.stop() : undefined;
    this.#going.set(start.run, { process, start, stop: stop?.phase === "stopping" ? stop : undefined });
    process.following = follow(this.#site, process);
    this.#tasks.add(process.following);
  }

  look(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const { clock, changed } = this.#site;
    const now = clock();
    const going = [...this.#going].map(([name, { start, stop }]) => ({
      name,
      startedAt: start.startedAt,
      timeoutMs: start.timeoutMs,
      ...(stop && { stopping: { deadline: stop.deadline, killed: stop.killed === true } }),
    }));
    let wakeAt = later(now, 3_600_000);
    for (const action of superviseRuns(going, this.#ending, now)) {
      if (action.do === "wake") {
        wakeAt = Math.min(wakeAt, action.at) as Instant;
        continue;
      }
      const run = this.#going.get(action.name);
      if (!run) continue;
      if (action.do === "terminate") this.#terminate(run, action.deadline, action.timedOut);
      else this.#kill(run);
      wakeAt = now;
    }
    if (this.#going.size > 0) this.#timer = setTimeout(() => this.look(), Math.max(0, wakeAt - now));
    else this.#onEmpty?.();
    changed();
  }

  check(): void {
    for (const { process } of [...this.#going.values()]) process.check();
  }

  /** Ends all that goes on; what is known of it stays. */
  async stop(hurry: AbortSignal): Promise<void> {
    const rush = (): void => {
      for (const run of this.#going.values()) if (run.stop) run.stop = { ...run.stop, deadline: this.#site.clock() };
      this.look();
    };
    hurry.addEventListener("abort", rush);
    const { promise: emptied, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    this.#ending = true;
    this.look();
    if (hurry.aborted) rush();
    try {
      await emptied;
    } finally {
      hurry.removeEventListener("abort", rush);
    }
  }

  /** What ended is written down. */
  async concluded(): Promise<void> {
    await this.#tasks.settled();
  }

  /** Lets go of all and leaves them running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { process } of this.#going.values()) await process[Symbol.asyncDispose]();
    await this.#tasks.settled();
  }

  #watch(run: RunName): Watch {
    const { clock, trouble } = this.#site;
    return { clock, onEnd: (ended) => this.#end(run, ended), onTrouble: trouble };
  }

  #terminate(run: Going, deadline: Instant, timedOut: boolean): void {
    run.stop = { phase: "stopping", reason: "stopped", at: this.#site.clock(), deadline, ...(timedOut && { timedOut }) };
    this.#write(run);
    run.process.terminate();
  }

  #kill(run: Going): void {
    if (!run.stop) return;
    run.stop = { ...run.stop, killed: true };
    this.#write(run);
    run.process.kill();
  }

  /** A run must end in time even when the disk is full. */
  #write({ process, stop }: Going): void {
    try {
      if (stop) process.folder.writeStop(stop);
    } catch (error) {
      this.#site.trouble(error);
    }
  }

  #end(name: RunName, ended: HowItEnded): void {
    const going = this.#going.get(name);
    if (!going) return;
    this.#going.delete(name);
    const { process, start, stop } = going;
    const { folder } = process;
    const timedOut = stop?.timedOut === true;
    const end: End = { exit: { at: ended.at, outcome: ended.outcome, wasReady: false, ...(stop && { stopped: stop.reason }) }, timedOut };
    this.#recall(folder, start, end);
    const ending =
      ended.refused === undefined
        ? abnormalRunEnd(ended.outcome, stop !== undefined, timedOut, start.timeoutMs)
        : `could not be started: ${ended.refused}`;
    const crash = ending === undefined ? undefined : { at: ended.at, ending, command: start.command, restarts: 0 };
    this.#tasks.add(conclude(this.#site, process, crash, () => (this.#ended.has(name) ? folder.writeEnd(end) : folder.remove())));
    this.look();
  }

  #recall(folder: RunFolder, { run: name, release, startedAt }: RunStart, { exit, timedOut = false }: End): void {
    const run = { phase: "exited", name, release, startedAt, endedAt: exit.at, outcome: exit.outcome, timedOut } as const;
    this.#ended.set(name, { run, folder });
  }
}

/** @throws Problem name-invalid - it cannot be the name of a folder */
export function checkedName<Name extends string>(run: Name): Name {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(run) && !run.endsWith(".swept")) return run;
  throw new Problem({
    code: "name-invalid",
    what: `\`${run.slice(0, 80)}\` cannot be the name of a run`,
    why: "it is also the name of a folder: letters, digits, `_`, `-` and dots, the first no dot",
    fix: "choose another name",
  });
}

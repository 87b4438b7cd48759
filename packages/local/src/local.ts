import { chown, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Instant, LogLine, LogQuery, Observed, ReleaseVersion, ScalingMetric, Step } from "@douze/core";
import type { CrashBundle, Driver, OneOffPlace } from "@douze/engine";
import { adopt } from "./adopt.ts";
import { conclude, follow } from "./conclude.ts";
import { FreePorts } from "./free-port.ts";
import { HostProcess } from "./host-process.ts";
import { makePassable } from "./isolation/app-user.ts";
import { noIsolation } from "./isolation/isolation.ts";
import { placePreload, preloadName } from "./listener/preload.ts";
import type { LocalOptions } from "./local-options.ts";
import { askMetric } from "./metric.ts";
import { Observers } from "./observers.ts";
import { Pasts } from "./pasts.ts";
import { bootId } from "./proc.ts";
import { Releases } from "./releases.ts";
import { type RunFolder, runFolders, type Start } from "./run-folder.ts";
import { checkedName, Runs } from "./runs.ts";
import { type Site, troubleText } from "./site.ts";
import { Supervisor } from "./supervisor.ts";
import { Tasks } from "./tasks.ts";
import { tidy } from "./tidy.ts";
import { groupUsage } from "./usage.ts";
import { Wanted } from "./wanted.ts";

const defaultDrainMs = 10_000;
const defaultUsageIntervalMs = 2_000;
/** How long the log store is waited for when everything has ended; what it has not got by then stays in the run folders. Milliseconds. */
const concludeMs = 5_000;
/** How often each process is asked whether it still runs, in case the kernel's word was missed. Milliseconds. */
const checkIntervalMs = 1_000;

/** The driver for this machine. Its processes need no engine to live: a new driver on the same directory finds them again. */
export class Local implements Driver {
  readonly #directory: string;
  readonly #site: Site;
  readonly #pasts: Pasts;
  readonly #supervisor: Supervisor;
  readonly #runs: Runs;
  readonly #observers: Observers<Observed>;
  readonly #closing = new AbortController();
  readonly #tasks: Tasks;
  readonly #retired = new Set<ReleaseVersion>();
  readonly #onRest: (() => void) | undefined;
  #timers: readonly NodeJS.Timeout[] = [];
  #measuring = false;
  #ended: Promise<void> | undefined;

  private constructor(options: LocalOptions, wanted: Wanted) {
    const { directory, app, router, logs, crashes, hosts, fallback, chance = Math.random, isolation = noIsolation } = options;
    const clock = options.clock ?? ((): Instant => Date.now() as Instant);
    this.#directory = directory;
    this.#onRest = options.onRest;
    this.#observers = new Observers(() => this.#observed());
    this.#site = {
      app,
      hosts,
      fallback,
      ...(options.publicFd !== undefined && { handOver: { fd: options.publicFd, preload: join(directory, "preload", preloadName) } }),
      ...(options.access !== undefined && { access: options.access }),
      wanted,
      router,
      logs,
      crashes,
      clock,
      chance,
      runDirectory: join(directory, "run"),
      bootId: bootId(),
      drainMs: options.drainMs ?? defaultDrainMs,
      ports: new FreePorts(chance()),
      isolation,
      releases: new Releases(options.runnable, join(directory, "live"), logs, clock, isolation.user),
      note: (text) => this.note(text),
      trouble: (error) => this.#trouble(error),
      changed: () => this.#changed(),
      fail: (error) => this.#observers.fail(error),
      closing: this.#closing.signal,
    };
    this.#pasts = new Pasts(this.#site.trouble);
    this.#supervisor = new Supervisor(this.#site, this.#pasts);
    this.#runs = new Runs(this.#site);
    this.#tasks = new Tasks(this.#site.fail);
  }

  /**
   * Takes over what an earlier driver left in the directory, and goes on with what it had been asked for: what runs is routed and
   * watched again, what ended meanwhile is recorded, what is missing is started.
   *
   * @throws Problem state-unreadable - a file that cannot be done without is damaged; nothing has changed then
   */
  static async open(options: LocalOptions): Promise<Local> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    if (options.publicFd !== undefined) await placePreload(join(options.directory, "preload"));
    const local = new Local(options, Wanted.open(join(options.directory, "wanted.json")));
    try {
      await local.#begin(options.memoryIntervalMs ?? defaultUsageIntervalMs);
      return local;
    } catch (error) {
      await local.end("leave");
      throw error;
    }
  }

  observe(signal: AbortSignal): AsyncIterable<Observed> {
    return this.#observers.observe(signal);
  }

  async apply(step: Step, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Nothing is wanted any more.
    if (this.#ended) return;
    const { wanted } = this.#site;
    switch (step.do) {
      case "run-once":
        return await this.#runs.runOnce(step);
      case "end-run":
        return this.#runs.endRun(step.run, step.deadline);
      case "forget-run":
        return this.#runs.forget(step.run);
      case "scale": {
        const { release, process, count, freshSince, freshSlots } = step;
        if (count > 0) await this.#site.releases.checkType(release, process);
        this.#retired.delete(release);
        wanted.scale(release, process, { count, freshSince, freshSlots });
        break;
      }
      case "route":
        wanted.route(step.release);
        break;
      case "maintain":
        wanted.maintain(step.on);
        break;
      case "drain":
        wanted.drain(step.release, step.deadline);
        break;
      case "retire":
        // What still runs will be seen to run.
        if (this.#supervisor.observed(step.release, this.#site.clock()).length > 0) return;
        wanted.retire(step.release);
        this.#retired.add(step.release);
    }
    this.#supervisor.look();
  }

  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    return this.#site.logs.read(query, signal);
  }

  note(text: string): void {
    this.#site.logs.append("douze", "", "stdout", text);
  }

  async crashes(process?: string): Promise<readonly CrashBundle[]> {
    return await this.#site.crashes.list(process);
  }

  async setLive(release: ReleaseVersion, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#site.releases.setLive(release, values);
  }

  async metric(release: ReleaseVersion, metric: ScalingMetric, signal: AbortSignal): Promise<number | undefined> {
    const { clock, hosts } = this.#site;
    return await askMetric(this.#supervisor.observed(release, clock()), hosts[0] ?? "localhost", metric, signal);
  }

  async oneOff(release: ReleaseVersion, run: string): Promise<OneOffPlace> {
    const tmp = join(this.#directory, "tmp", checkedName(run));
    await rm(tmp, { recursive: true, force: true });
    await mkdir(tmp, { recursive: true, mode: 0o700 });
    const { cwd, env, user } = await this.#site.releases.place(release, { name: run, tmp });
    if (user) await chown(tmp, user.uid, user.gid);
    return { cwd, env, ...(user && { user }) };
  }

  /**
   * Ends the driver. `stop` ends everything first, in order: what is routed is drained and stopped, then all others and the runs,
   * each within its grace, at once when `hurry` aborts; nothing is wanted any more then. `leave` touches nothing: the next
   * driver on this directory takes over.
   */
  async end(how: "stop" | "leave", hurry: AbortSignal = new AbortController().signal): Promise<void> {
    this.#ended ??= how === "stop" ? this.#stop(hurry) : this.#leave();
    await this.#ended;
  }

  /** As `end("leave")`, unless it has ended already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("leave");
  }

  async #begin(memoryIntervalMs: number): Promise<void> {
    const { runDirectory, isolation } = this.#site;
    // Below the environment's folder, which only the app's user may enter.
    if (isolation.user)
      for (const folder of [runDirectory, join(this.#directory, "tmp"), join(this.#directory, "live")]) makePassable(folder);
    const parts = { supervisor: this.#supervisor, runs: this.#runs, pasts: this.#pasts };
    const { swept, gone } = adopt(runDirectory, this.#site.bootId, parts);
    if (isolation.cgroups) {
      const known = new Set(runFolders(runDirectory).map(({ path }) => basename(path)));
      this.#tasks.add(isolation.cgroups.sweep(known).catch((error: unknown) => this.#trouble(error)));
    }
    for (const name of swept) this.note(`${name} had not been wholly started when the engine was killed: it was ended`);
    for (const each of gone) this.#bury(each);
    const used = [...this.#site.wanted.releases, ...this.#runs.all].map(({ release }) => release).concat(this.#supervisor.releases);
    await tidy(join(this.#directory, "live"), join(this.#directory, "tmp"), new Set(used), this.#site.clock());
    this.#timers = [
      setInterval(() => this.#check(), checkIntervalMs),
      setInterval(() => this.#tasks.add(this.#measure()), memoryIntervalMs),
    ];
    this.#check();
    this.#supervisor.look();
    this.#runs.look();
  }

  async #stop(hurry: AbortSignal): Promise<void> {
    await this.#supervisor.stop("routed", hurry);
    await Promise.all([this.#supervisor.stop("all", hurry), this.#runs.stop(hurry)]);
    // A disk that is full keeps nobody from ending; the next engine asks anew for what is wanted.
    await (async (): Promise<void> => this.#site.wanted.clear())().catch((error: unknown) => this.#trouble(error));
    const patience = setTimeout(() => this.#closing.abort(), hurry.aborted ? concludeMs / 10 : concludeMs);
    await Promise.all([this.#supervisor.concluded(), this.#runs.concluded()]);
    clearTimeout(patience);
    for (const { slot } of this.#pasts.all) this.#pasts.forget(slot);
    this.#site.router.remove(this.#site.app);
    await this.#leave();
  }

  async #leave(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#supervisor[Symbol.asyncDispose]();
    await this.#runs[Symbol.asyncDispose]();
    await this.#tasks.settled();
    this.#observers[Symbol.dispose]();
  }

  #observed(): Observed {
    const { clock, wanted } = this.#site;
    const at = clock();
    const versions = [...new Set([...wanted.releases.map(({ release }) => release), ...this.#supervisor.releases])];
    const releases = versions
      .toSorted((a, b) => a - b)
      .map((release) => {
        const asked = wanted.releases.find((each) => each.release === release);
        const processes = this.#supervisor.observed(release, at);
        return { release, scale: asked?.scale ?? {}, draining: asked?.draining !== undefined, processes };
      });
    const { routed, maintenance } = wanted;
    return { at, releases, maintenance, runs: this.#runs.all, ...(routed !== undefined && { routed }) };
  }

  #changed(): void {
    this.#observers.changed();
    const running = new Set(this.#runs.all.flatMap(({ phase, release }) => (phase === "running" ? [release] : [])));
    for (const release of this.#retired) {
      // A run goes on in the release it was started in, its live keys included.
      if (running.has(release)) continue;
      this.#retired.delete(release);
      this.#tasks.add(this.#site.releases.retire(release));
    }
  }

  #check(): void {
    this.#supervisor.check();
    this.#runs.check();
    if (this.#supervisor.atRest && this.#runs.all.every(({ phase }) => phase === "exited")) this.#onRest?.();
  }

  async #measure(): Promise<void> {
    const groups = new Set(this.#supervisor.groups);
    if (groups.size === 0 || this.#measuring) return;
    this.#measuring = true;
    try {
      const usage = await groupUsage(groups);
      if (!this.#closing.signal.aborted) this.#supervisor.remember(usage);
    } catch (error) {
      this.#trouble(error);
    } finally {
      this.#measuring = false;
    }
  }

  #trouble(error: unknown): void {
    try {
      this.note(troubleText(error));
    } catch (defect) {
      this.#observers.fail(defect);
    }
  }

  /** Of an earlier start of the machine: only its last lines are of interest. */
  #bury({ folder, start }: { readonly folder: RunFolder; readonly start: Start }): void {
    const { bootId: boot, clock, trouble } = this.#site;
    const process = HostProcess.adopt(folder, start, boot, { clock, onEnd: () => undefined, onTrouble: trouble });
    process.following = follow(this.#site, process);
    this.#tasks.add(process.following);
    this.#tasks.add(conclude(this.#site, process, undefined, () => folder.remove()));
  }
}

import type { ChildProcess } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import type { Instant, Outcome, ReleaseVersion } from "@douze/core";
import { processName, versionName } from "@douze/core";
import type { AttachedSpool } from "./logs/spool.ts";
import { isRunning, outcomeOf, procStat, send, signalGroup } from "./proc.ts";
import type { RunFolder, Shim, Start } from "./run-folder.ts";
import type { LogPort } from "./seams.ts";
import { type Place, spawnShim } from "./spawn-shim.ts";

/** Who is told of it. */
export interface Watch {
  readonly clock: () => Instant;
  readonly onEnd: (ended: HowItEnded) => void;
  /** It could not be looked at, for want of file descriptors for instance; it will be again. */
  readonly onTrouble: (error: unknown) => void;
}

export interface HowItEnded {
  readonly outcome: Outcome;
  readonly at: Instant;
  /** What the system said when it refused to start it. */
  readonly refused?: string;
}

/** As a shell says when there is something but it cannot be run. */
const cannotExecute = 126;

/** How often it is looked whether a process that is to end already runs, in milliseconds. */
const beginPollMs = 10;
/** If the shim has not told the end of a process so long after its SIGKILL, the shim is killed as well. Milliseconds. */
const shimPatienceMs = 2_000;

/**
 * One operating-system process with its group, from its start, or from being found again, to the last line it wrote. It needs no
 * engine to live: disposing of this leaves it running.
 */
export class HostProcess implements AsyncDisposable {
  readonly folder: RunFolder;
  readonly start: Start;
  /** Settles when its output is followed; of one that was just started it is at once. */
  following: Promise<void> = Promise.resolve();
  readonly #watch: Watch;
  #child: ChildProcess | undefined;
  #shim: Shim | undefined;
  #pid: number | undefined;
  #watcher: FSWatcher | undefined;
  #spool: AttachedSpool | undefined;
  #ended: HowItEnded | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** Of an earlier start of the machine: nothing of it runs. */
  #gone = false;
  /** Its shim was killed, and it goes on without. */
  #orphan = false;

  private constructor(folder: RunFolder, start: Start, watch: Watch) {
    this.folder = folder;
    this.start = start;
    this.#watch = watch;
  }

  /** Starts it. Its folder has been made. A refusal of the system is told as its end. */
  static begin(folder: RunFolder, start: Start, place: Place, watch: Watch): HostProcess {
    const process = new HostProcess(folder, start, watch);
    try {
      process.#own(spawnShim(folder, start.command, place));
    } catch (error) {
      // Some refusals are thrown, others told by an event; whoever called gets both in the same way.
      if (!(error instanceof Error && "syscall" in error)) throw error;
      queueMicrotask(() => process.#refused(error));
    }
    return process;
  }

  /** Takes over one that an earlier engine started; its end may already lie behind it. */
  static adopt(folder: RunFolder, start: Start, bootId: string, watch: Watch): HostProcess {
    const process = new HostProcess(folder, start, watch);
    process.#gone = start.bootId !== bootId;
    if (!process.#gone) process.#watchFolder();
    return process;
  }

  /** `web.1`, `run.7` */
  get name(): string {
    return this.start.kind === "slot" ? processName(this.start.slot) : this.start.run;
  }

  get release(): ReleaseVersion {
    return this.start.kind === "slot" ? this.start.slot.release : this.start.release;
  }

  /** Of the app itself; of the shim for the moment before it runs. */
  get pid(): number {
    this.#pid ??= this.folder.pid();
    return this.#pid ?? this.#leader()?.pid ?? 0;
  }

  /** Number of its process group. */
  get group(): number | undefined {
    return this.#leader()?.pid;
  }

  get ended(): HowItEnded | undefined {
    return this.#ended;
  }

  /** From now on its output goes to the store. Its secrets must be known there. */
  follow(logs: LogPort): void {
    const { stdout, stderr } = this.folder;
    this.#spool ??= logs.attach({ id: this.start.id, process: this.name, release: versionName(this.release), stdout, stderr });
  }

  /** Its last words are in the store. Only after its end. */
  async finish(): Promise<void> {
    await this.#spool?.finish();
    this.#spool = undefined;
  }

  /** SIGTERM to the whole group. */
  terminate(): void {
    if (this.#ended) return;
    // In the moment before the app itself runs, its shim alone would get the signal, and ignore it.
    if (this.folder.pid() === undefined && this.#shimRuns()) {
      this.#patience = setTimeout(() => this.terminate(), beginPollMs);
      return;
    }
    this.#signal("SIGTERM");
    // A stopped process would otherwise never see it.
    this.#signal("SIGCONT");
  }

  /** SIGKILL to the app; its shim lives to tell, and then ends the rest of the group. */
  kill(): void {
    const pid = this.#ownPid();
    if (pid === undefined || !this.#shimRuns()) this.#signal("SIGKILL");
    else send(pid, "SIGKILL");
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#signal("SIGKILL"), shimPatienceMs);
  }

  /** Looks whether it has ended. Told by the kernel where it can be, and asked now and then for where it was not. */
  check(): void {
    try {
      this.#look();
    } catch (error) {
      this.#watch.onTrouble(error);
    }
  }

  /** Lets go of it without touching it. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#patience);
    this.#watcher?.close();
    this.#child?.removeAllListeners();
    // A failure to start that is told only now is nobody's any more.
    this.#child?.on("error", () => undefined);
    await this.#spool?.stop();
    this.#spool = undefined;
  }

  #look(): void {
    // Of its own child the kernel tells the engine, and nothing need be read for that.
    if (this.#ended || this.#isChild()) return;
    const runs = !this.#gone && (this.#shimRuns() || this.#appRuns());
    // In this order: when both are gone, what the shim wrote, if anything, is there.
    const told = this.folder.exit();
    if (runs && !told) return;
    // A shim that was killed could not end the rest of the group.
    const { group } = this;
    if (!told && !this.#gone && group !== undefined) signalGroup(group, this.folder.tmp, "SIGKILL");
    this.#end(told ?? { outcome: this.#unseen(), at: this.#watch.clock() });
  }

  #own(child: ChildProcess): void {
    this.#child = child;
    child.unref();
    child.on("exit", () => {
      this.#orphan = this.#appRuns();
      this.check();
    });
    child.on("error", (error) => this.#refused(error));
  }

  #refused({ message }: Error): void {
    this.#end({ outcome: { by: "exit", code: cannotExecute }, at: this.#watch.clock(), refused: message });
  }

  #watchFolder(): void {
    try {
      this.#watcher = watch(this.folder.path, { persistent: false }, (_event, name) => {
        if (name === "exit") this.check();
      });
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch (error) {
      // The user's inotify watches are used up: its end is noticed by the slow check.
      if (!["ENOSPC", "EMFILE"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  #end({ at, ...how }: HowItEnded): void {
    // The time of a file is that of the kernel's last tick, which may lie before the start.
    const ended = { ...how, at: Math.max(at, this.start.startedAt) as Instant };
    this.#ended = ended;
    clearTimeout(this.#patience);
    this.#watcher?.close();
    this.#watch.onEnd(ended);
  }

  #leader(): Shim | undefined {
    this.#shim ??= this.folder.shim();
    if (this.#shim) return this.#shim;
    const pid = this.#child?.pid;
    return pid === undefined ? undefined : { pid, startTicks: procStat(pid)?.startTicks ?? 0 };
  }

  /** Whether the shim is this engine's, and has not ended as far as the kernel has told. */
  #isChild(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #shimRuns(): boolean {
    if (this.#child) return this.#isChild();
    const leader = this.#leader();
    const stat = leader && procStat(leader.pid);
    return isRunning(stat) && stat.startTicks === leader?.startTicks;
  }

  #appRuns(): boolean {
    return this.#ownPid() !== undefined;
  }

  /** The app's pid while it is certain that it is the app's. */
  #ownPid(): number | undefined {
    this.#pid ??= this.folder.pid();
    const stat = this.#pid === undefined ? undefined : procStat(this.#pid);
    return isRunning(stat) && stat.group === this.group ? stat.pid : undefined;
  }

  #signal(signal: NodeJS.Signals): void {
    const { group } = this;
    if (group === undefined) return;
    if (this.#shimRuns()) send(-group, signal);
    else signalGroup(group, this.folder.tmp, signal);
  }

  /** What the shim itself came to: it passes on a status that it could not write, and a signal killed it with its whole group. */
  #unseen(): Outcome {
    const { exitCode, signalCode } = (!this.#orphan && this.#child) || { exitCode: null, signalCode: null };
    if (exitCode !== null) return outcomeOf(exitCode);
    return signalCode === null ? { by: "unknown" } : { by: "signal", signal: signalCode };
  }
}

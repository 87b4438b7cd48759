import {
  type Exit,
  type Instant,
  later,
  type ObservedProcess,
  type ProcessDeclaration,
  type RequestPath,
  type Slot,
  type StopReason,
} from "@douze/core";
import { accepts, answersWell } from "./ask.ts";
import type { HostProcess, HowItEnded } from "./host-process.ts";
import { takesConnections } from "./listener/takes-connections.ts";
import { busyDeadline } from "./plan/busy.ts";
import { type CpuSample, coresOf, sampled } from "./plan/cores.ts";
import { type Answers, type Health, judge, nextProbe, probeWay, type Question, unproved, verdict } from "./plan/probe.ts";
import type { RouteEnd } from "./plan/routes.ts";
import type { Due, SlotProcess } from "./plan/supervise.ts";
import type { Start, Stop } from "./run-folder.ts";
import type { Usage } from "./usage.ts";

export type SlotStart = Extract<Start, { readonly kind: "slot" }>;

/** What an occupant needs around it. */
export interface Surroundings {
  readonly clock: () => Instant;
  /** What probes call themselves' target: frameworks refuse a `Host` they do not know. */
  readonly host: string;
  /** Of the public socket, where processes are handed it. */
  readonly publicInode: number | undefined;
  readonly onChange: () => void;
  /** Something could not be written down; what it is about goes on all the same. */
  readonly onTrouble: (error: unknown) => void;
}

/** For one probe where nothing is declared, in milliseconds. */
const acceptTimeoutMs = 2_000;

/** The process that fills a slot: what is known of it from its probes, and how far its end has come. */
export class Occupant implements AsyncDisposable {
  readonly process: HostProcess;
  readonly start: SlotStart;
  readonly #around: Surroundings;
  readonly #closing = new AbortController();
  #health: Health;
  #memoryBytes: number | undefined;
  #overMemory = false;
  #cpu: readonly CpuSample[] = [];
  #stop: Stop | undefined;
  #inFlight = false;
  #hurried = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(process: HostProcess, start: SlotStart, around: Surroundings) {
    this.process = process;
    this.start = start;
    this.#around = around;
    this.#stop = process.folder.stop();
    // As long as nobody has looked.
    this.#inFlight = this.#stop?.phase === "draining";
    this.#health = unproved(process.folder.readyAt());
    if (this.#stop === undefined) this.#plan();
  }

  get id(): string {
    return this.start.id;
  }

  get slot(): Slot {
    return this.start.slot;
  }

  get declared(): ProcessDeclaration {
    return this.start.declared;
  }

  get stopping(): boolean {
    return this.#stop !== undefined;
  }

  get memoryBytes(): number | undefined {
    return this.#memoryBytes;
  }

  /** How long it had been given to end, if it had to be killed. */
  get killedAfterMs(): number | undefined {
    return this.#stop?.phase === "stopping" && this.#stop.killed ? this.#stop.deadline - this.#stop.at : undefined;
  }

  /** Told by the sampler. What it has left once it ends says nothing of what it took. */
  used({ bytes, cpuMs }: Usage, at: Instant): void {
    if (this.stopping) return;
    this.#memoryBytes = bytes;
    // What it took to start says nothing of what requests take.
    if (this.#health.ready) this.#cpu = sampled(this.#cpu, { at, cpuMs });
    const { memoryBytes: limit } = this.declared;
    this.#overMemory ||= limit !== undefined && bytes > limit;
  }

  /** As the plan sees it. */
  get seen(): SlotProcess & RouteEnd {
    const { id, slot, startedAt, declared, port, gate, inherits, publicInode } = this.start;
    const foreign = publicInode !== undefined && publicInode !== this.#around.publicInode;
    const end = {
      ...(port !== undefined && { port }),
      ...(gate !== undefined && { gate }),
      ...(inherits && { inherits }),
      ...(foreign && { foreign }),
    };
    const common = { id, slot, startedAt, routed: declared.routed, ...end };
    const stop = this.#stop;
    if (stop?.phase === "draining")
      return { ...common, phase: "draining", reason: stop.reason, inFlight: this.#inFlight, until: stop.until };
    if (stop) return { ...common, phase: "stopping", reason: stop.reason, deadline: stop.deadline, killed: stop.killed === true };
    const due = this.#due();
    return { ...common, phase: this.#health.ready ? "ready" : "starting", ...(due && { due }) };
  }

  /** As everyone sees it. One that has lost its readiness is shown as starting. */
  observed(last: Exit | undefined, requests: RequestPath | undefined): ObservedProcess {
    const { slot, startedAt, restarts, port, declared } = this.start;
    const { pid } = this.process;
    const common = { slot, restarts, pid, startedAt, ...(last && { last }) };
    const stop = this.#stop;
    if (stop) {
      const deadline = stop.phase === "stopping" ? stop.deadline : this.#killAt(stop.until, stop.deadline, declared.graceMs);
      return { ...common, phase: "stopping", reason: stop.reason, deadline };
    }
    const { ready, readyAt } = this.#health;
    if (!ready || readyAt === undefined) return { ...common, phase: "starting" };
    const memoryBytes = this.#memoryBytes;
    const cores = coresOf(this.#cpu);
    return {
      ...common,
      phase: "ready",
      readyAt,
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(cores !== undefined && { cores }),
      ...(port !== undefined && { port }),
      ...(requests && { requests }),
    };
  }

  /** Takes it out of routing, for good. SIGTERM follows when nothing is in flight, or then. */
  drain(reason: StopReason, until: Instant, deadline: Instant | undefined): void {
    this.rest();
    this.#stop = { phase: "draining", reason, until, ...(deadline !== undefined && { deadline }) };
    this.#write(this.#stop);
  }

  /** Whether the router still waits for it. */
  set inFlight(inFlight: boolean) {
    this.#inFlight = inFlight;
  }

  terminate(): void {
    const former = this.#stop;
    const now = this.#around.clock();
    const deadline = this.#killAt(now, former?.deadline, this.declared.graceMs);
    this.#stop = { phase: "stopping", reason: former?.reason ?? "stopped", at: now, deadline };
    this.process.terminate();
    // After the signal: a kill in between repeats it, and does not leave it out.
    this.#write(this.#stop);
  }

  /** Unless it says that it is busy, and may be. */
  kill(): void {
    if (this.#stop?.phase !== "stopping") return;
    const busyUntil = this.#busyUntil(this.#stop);
    if (busyUntil !== undefined) {
      this.#stop = { ...this.#stop, deadline: busyUntil };
      return this.#write(this.#stop);
    }
    this.#stop = { ...this.#stop, killed: true };
    this.#write(this.#stop);
    this.process.kill();
  }

  /** Every deadline has come. */
  hurry(): void {
    const now = this.#around.clock();
    this.#hurried = true;
    if (this.#stop?.phase === "draining") this.#stop = { ...this.#stop, until: now, deadline: now };
    if (this.#stop?.phase === "stopping") this.#stop = { ...this.#stop, deadline: now };
  }

  exit({ outcome, at }: HowItEnded): Exit {
    const stopped = this.#stop?.reason;
    return { at, outcome, wasReady: this.#health.readyAt !== undefined, ...(stopped && { stopped }) };
  }

  /** Stops asking it. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#closing.abort();
  }

  /** Lets go of it; it is left as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.rest();
    await this.process[Symbol.asyncDispose]();
  }

  #busyUntil({ at, deadline }: Extract<Stop, { readonly phase: "stopping" }>): Instant | undefined {
    const { busyMs } = this.declared;
    if (busyMs === undefined || this.#hurried) return undefined;
    return busyDeadline({ at, deadline, busyMs, said: this.process.folder.busy() });
  }

  /** A process must end in time even when the disk is full. */
  #write(stop: Stop): void {
    this.#try(() => this.process.folder.writeStop(stop));
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#around.onTrouble(error);
    }
  }

  #killAt(from: Instant, deadline: Instant | undefined, graceMs: number): Instant {
    const graceful = later(from, graceMs);
    return deadline === undefined ? graceful : (Math.min(deadline, graceful) as Instant);
  }

  #due(): Due | undefined {
    const found = verdict(this.declared, this.#health, this.start.startedAt, this.#around.clock());
    return found ?? (this.#overMemory ? "memory" : undefined);
  }

  #plan(): void {
    const now = this.#around.clock();
    const next = nextProbe(this.declared, this.#health, this.start.startedAt, now);
    if (!next || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#ask(next.ask), Math.max(0, next.at - now));
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    const answers = Object.fromEntries(
      await Promise.all(questions.map(async (question) => [question, await this.#answer(question)] as const)),
    );
    if (this.#closing.signal.aborted) return;
    const before = this.#health;
    const now = this.#around.clock();
    this.#health = judge(this.declared, before, answers as Answers, now);
    if (before.readyAt === undefined && this.#health.readyAt !== undefined) this.#try(() => this.process.folder.markReady(now));
    if (before.ready !== this.#health.ready || this.#due() !== undefined) this.#around.onChange();
    this.#plan();
  }

  async #answer(question: Question): Promise<boolean> {
    const { health } = this.declared;
    const { port, inherits } = this.start;
    const { signal } = this.#closing;
    const { publicInode } = this.#around;
    if (probeWay(this.declared) === "settle") return true;
    if (port === undefined) return false;
    if (!health && inherits) return await takesConnections({ port, group: this.process.group, publicInode }, acceptTimeoutMs, signal);
    if (!health) return await accepts(port, acceptTimeoutMs, signal);
    return await answersWell({ port, path: health[question], timeoutMs: health.timeoutMs, host: this.#around.host }, signal);
  }
}

import { type Instant, later, type ProcessType, type ReleaseVersion, type Slot, slotName } from "@douze/core";
import { restart } from "../../src/plan/restart.ts";
import { type Action, type SlotPast, type SlotProcess, supervise, type WantedRelease } from "../../src/plan/supervise.ts";

export const release: ReleaseVersion = 4 as ReleaseVersion;
export const web: ProcessType = "web" as ProcessType;

/** How the next process that is started will fare. */
export interface Fate {
  readonly bootMs: number;
  /** It exits instead of becoming ready. */
  readonly failsToBoot: boolean;
  /** From SIGTERM to its end; over the grace it has to be killed. */
  readonly stopMs: number;
}

const graceMs = 500;

interface Simulated {
  process: SlotProcess;
  readonly fate: Fate;
  readonly quickEnds: number;
  termAt?: Instant;
}

/** A machine on which time is a number: it does what the plan says, and its processes fare as fate has it. */
export class World {
  now: Instant = 1_000_000 as Instant;
  wanted: WantedRelease = { release, scale: {} };
  readonly #fates: Iterator<Fate>;
  readonly #processes = new Map<string, Simulated>();
  readonly #pasts = new Map<string, SlotPast & { readonly quickEnds: number }>();
  #count = 0;

  constructor(fates: Iterator<Fate>) {
    this.#fates = fates;
  }

  get processes(): readonly SlotProcess[] {
    return [...this.#processes.values()].map(({ process }) => process);
  }

  in(index: number): readonly SlotProcess[] {
    return this.processes.filter(({ slot }) => slot.index === index);
  }

  want(count: number, freshSince: Instant = 0 as Instant): void {
    this.wanted = { release, scale: { [web]: { count, freshSince, freshSlots: {} } } };
  }

  /** Does what is due until nothing is but to wait. */
  settle(check: () => void): void {
    for (let turn = 0; ; turn++) {
      if (turn > 1_000) throw new Error("the plan never rests");
      const todo = this.plan().filter((action) => action.do !== "wake");
      if (todo.length === 0) return;
      for (const action of todo) {
        this.#do(action);
        check();
      }
    }
  }

  plan(): readonly Action[] {
    return supervise({ wanted: [this.wanted], processes: this.processes, pasts: [...this.#pasts.values()] }, this.now);
  }

  /** Lets time pass, and what it brings happen. */
  pass(ms: number): void {
    this.now = later(this.now, ms);
    for (const [id, each] of this.#processes) {
      const { process, fate, termAt } = each;
      if (process.phase === "starting" && this.now - process.startedAt >= fate.bootMs) {
        if (fate.failsToBoot) this.#end(id, each);
        else each.process = { ...process, phase: "ready" };
      } else if (termAt !== undefined && this.now - termAt >= fate.stopMs) this.#end(id, each);
    }
  }

  crash(id: string): void {
    const each = this.#processes.get(id);
    if (each) this.#end(id, each);
  }

  #do(action: Exclude<Action, { readonly do: "wake" }>): void {
    switch (action.do) {
      case "start":
        this.#start(action.slot);
        return;
      case "stop": {
        const each = this.#processes.get(action.id);
        if (!each) throw new Error(`there is no ${action.id} to stop`);
        const { id, slot, startedAt, routed } = each.process;
        each.process = { id, slot, startedAt, routed, phase: "draining", reason: action.reason, inFlight: false, until: this.now };
        return;
      }
      case "terminate": {
        const each = this.#processes.get(action.id);
        if (each?.process.phase !== "draining") throw new Error(`${action.id} is not draining`);
        const { id, slot, startedAt, routed, reason } = each.process;
        each.process = { id, slot, startedAt, routed, phase: "stopping", reason, deadline: later(this.now, graceMs), killed: false };
        each.termAt = this.now;
        return;
      }
      case "kill":
        this.crash(action.id);
        return;
      case "forget":
        this.#pasts.delete(slotName(action.slot));
    }
  }

  #start(slot: Slot): void {
    const id = `${slotName(slot)}#${this.#count++}`;
    const fate = this.#fates.next().value as Fate;
    const process: SlotProcess = { id, slot, startedAt: this.now, routed: true, phase: "starting" };
    this.#processes.set(id, { process, fate, quickEnds: this.#pasts.get(slotName(slot))?.quickEnds ?? 0 });
  }

  #end(id: string, { process, quickEnds }: Simulated): void {
    this.#processes.delete(id);
    const { slot, startedAt } = process;
    const stopped = process.phase === "draining" || process.phase === "stopping" ? process.reason : undefined;
    const exit = {
      at: this.now,
      outcome: { by: "exit", code: 1 },
      wasReady: process.phase !== "starting",
      ...(stopped && { stopped }),
    } as const;
    const next = restart({ startedAt, exit, quickEnds }, 0);
    this.#pasts.set(slotName(slot), { slot, at: this.now, restartAt: next.restartAt, quickEnds: next.quickEnds });
  }
}

import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Instant, later, type ProcessDeclaration, type Slot, slotName } from "@douze/core";
import { limitsOf } from "./isolation/isolation.ts";
import { type HandOver, handOver } from "./listener/hand-over.ts";
import { socketInode } from "./listener/takes-connections.ts";
import type { SlotStart } from "./occupant.ts";
import type { Pasts } from "./pasts.ts";
import { probeWay } from "./plan/probe.ts";
import type { SlotProcess } from "./plan/supervise.ts";
import { RunFolder } from "./run-folder.ts";
import { retryMs, type Site, troubleText } from "./site.ts";
import type { Place } from "./spawn-shim.ts";
import type { Tasks } from "./tasks.ts";

/** A start that is on its way: its release is asked for, a port is sought. */
export type Starting = Extract<SlotProcess, { readonly phase: "starting" }>;

/** All that a start needs, found. */
export interface Prepared {
  readonly folder: RunFolder;
  readonly start: SlotStart;
  readonly place: Place;
}

interface Asking {
  readonly port: number | undefined;
  readonly tmp: string;
  readonly nodeOptions: string | undefined;
}

/** Finds what processes need before they can be started, one after the other so that everything else gets its turn. */
export class Starts {
  readonly #site: Site;
  readonly #pasts: Pasts;
  readonly #tasks: Tasks;
  readonly #ready: (prepared: Prepared) => void;
  readonly #onChange: () => void;
  readonly #bySlot = new Map<string, Starting>();
  readonly #noted = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param ready - starts it; called only while it is still wanted */
  constructor(site: Site, pasts: Pasts, tasks: Tasks, ready: (prepared: Prepared) => void, onChange: () => void) {
    this.#site = site;
    this.#pasts = pasts;
    this.#tasks = tasks;
    this.#ready = ready;
    this.#onChange = onChange;
  }

  get seen(): readonly Starting[] {
    return [...this.#bySlot.values()];
  }

  has(slot: Slot): boolean {
    return this.#bySlot.has(slotName(slot));
  }

  /** @param restarts - how often the slot was started again before, this time included */
  begin(slot: Slot, restarts: number): void {
    const name = slotName(slot);
    const starting: Starting = { id: `starting ${name}`, slot, startedAt: this.#site.clock(), routed: false, phase: "starting" };
    this.#bySlot.set(name, starting);
    this.#tasks.add(this.#start(starting, restarts));
  }

  cancel(id: string): void {
    for (const [name, starting] of this.#bySlot) if (starting.id === id) this.#bySlot.delete(name);
  }

  cancelAll(): void {
    this.#bySlot.clear();
  }

  async #start(starting: Starting, restarts: number): Promise<void> {
    const name = slotName(starting.slot);
    const isWanted = (): boolean => this.#bySlot.get(name) === starting;
    try {
      const prepared = await this.#prepare(starting.slot, restarts);
      if (!isWanted()) return;
      this.#ready(prepared());
      this.#noted.delete(name);
    } catch (error) {
      if (!isWanted()) return;
      this.#refused(starting.slot, troubleText(error));
    }
    this.#bySlot.delete(name);
    this.#onChange();
  }

  /** The rest is done at once, when it is certain that the process will be started. */
  async #prepare(slot: Slot, restarts: number): Promise<() => Prepared> {
    const { releases, ports, clock, bootId, runDirectory } = this.#site;
    const { release } = await releases.get(slot.release);
    const declared = release.manifest.processes[slot.process];
    if (!declared) throw new TypeError(`${slotName(slot)} is of no type that the release declares`);
    const command = await releases.command(slot.release, declared.command, slot.process);
    const port = probeWay(declared) === "settle" ? undefined : await ports.take();
    const former = this.#turn;
    this.#turn = former.then(() => setImmediate());
    await former;
    const startedAt = clock();
    const id = this.#id(slot, startedAt);
    const folder = new RunFolder(join(runDirectory, id));
    const name = `${slot.process}.${slot.index}`;
    const tenant = { name, tmp: folder.tmp, ...(port !== undefined && { port }) };
    const place = await releases.place(slot.release, tenant);
    const quickEnds = this.#pasts.of(slot)?.quickEnds ?? 0;
    return () => {
      const publicInode = this.#site.handOver && socketInode(this.#site.handOver.fd);
      const given = this.#handOver(declared, { port, tmp: folder.tmp, nodeOptions: place.env["NODE_OPTIONS"] });
      const start: SlotStart = {
        kind: "slot",
        id,
        slot,
        declared,
        command,
        startedAt,
        bootId,
        restarts,
        quickEnds,
        ...(port !== undefined && { port }),
        ...(given?.gate !== undefined && { gate: given.gate }),
        ...(given?.inherits && { inherits: true }),
        ...(given && publicInode !== undefined && { publicInode }),
      };
      if (!folder.create(start, place.user)) throw new TypeError(`${folder.path} is there already`);
      const env = { ...place.env, ...(declared.busyMs !== undefined && { DOUZE_BUSY: folder.busyFile }), ...given?.env };
      const { limits } = declared;
      const cgroups = this.#site.isolation.cgroups?.make(id, limitsOf(declared));
      const bounds = { ...(cgroups && { cgroups }), ...(limits?.files !== undefined && { files: limits.files }) };
      return { folder, start, place: { ...place, ...bounds, env, ...(given && { handOver: given }) } };
    };
  }

  /** At the last moment: it may hold a socket. */
  #handOver({ socket, routed }: ProcessDeclaration, { port, tmp, nodeOptions }: Asking): HandOver | undefined {
    const { handOver: given } = this.#site;
    if (!given || !routed || port === undefined) return undefined;
    return handOver(socket, { publicFd: given.fd, preload: given.preload, port, tmp, nodeOptions });
  }

  /** Short: it is part of TMPDIR, and the path of a unix socket in there may have some hundred characters at most. */
  #id({ process, index, release }: Slot, startedAt: Instant): string {
    return `${process}.${index}@v${release}-${startedAt.toString(36)}`;
  }

  #refused(slot: Slot, text: string): void {
    const name = slotName(slot);
    if (this.#noted.get(name) !== text) this.#site.note(`${name} cannot be started: ${text}; trying again every ${retryMs / 1000} s`);
    this.#noted.set(name, text);
    const now = this.#site.clock();
    this.#pasts.putFailure(slot, now, later(now, retryMs));
  }
}

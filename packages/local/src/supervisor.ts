import {
  type Exit,
  endOfTime,
  type Instant,
  later,
  type ObservedProcess,
  type ReleaseVersion,
  type RequestPath,
  type Slot,
  slotName,
} from "@douze/core";
import { conclude, follow } from "./conclude.ts";
import { HostProcess, type HowItEnded, type Watch } from "./host-process.ts";
import { socketInode } from "./listener/takes-connections.ts";
import { Occupant, type SlotStart, type Surroundings } from "./occupant.ts";
import type { Past, Pasts } from "./pasts.ts";
import { abnormalEnd } from "./plan/ending.ts";
import { askedFor, nextStartText, restart } from "./plan/restart.ts";
import { gatesBeside, routeTargets } from "./plan/routes.ts";
import { type Action, type Supervised, supervise } from "./plan/supervise.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Site } from "./site.ts";
import { type Prepared, Starts } from "./starts.ts";
import { Tasks } from "./tasks.ts";
import type { Usage } from "./usage.ts";

/** No timer is set for longer; it looks again then. Milliseconds. */
const longestSleepMs = 3_600_000;

/** Makes the processes of this machine match what is wanted: looks, lets the plan decide, does it, and looks again. */
export class Supervisor implements AsyncDisposable {
  readonly #site: Site;
  readonly #around: Surroundings;
  readonly #occupants = new Map<string, Occupant>();
  readonly #starts: Starts;
  readonly #pasts: Pasts;
  readonly #tasks: Tasks;
  /** Taken out of routing, and not asked yet what is in flight to them. */
  readonly #leaving: Occupant[] = [];
  #ending: Supervised["ending"];
  #onEmpty: (() => void) | undefined;
  #table = "";
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(site: Site, pasts: Pasts) {
    this.#site = site;
    this.#pasts = pasts;
    this.#tasks = new Tasks(site.fail);
    const onChange = (): void => this.look();
    const host = site.hosts.find((name) => !name.startsWith("*")) ?? "localhost";
    const publicInode = site.handOver && socketInode(site.handOver.fd);
    this.#around = { clock: site.clock, host, publicInode, onChange, onTrouble: site.trouble };
    this.#starts = new Starts(site, pasts, this.#tasks, (prepared) => this.#spawn(prepared), onChange);
  }

  /** Takes over a process that an earlier engine started. Nothing is decided before the next look. */
  adopt(folder: RunFolder, start: SlotStart): void {
    const process: HostProcess = HostProcess.adopt(
      folder,
      start,
      this.#site.bootId,
      this.#watch((ended) => this.#ended(process, ended)),
    );
    const occupant = new Occupant(process, start, this.#around);
    this.#occupants.set(start.id, occupant);
    if (occupant.seen.phase === "draining") this.#leaving.push(occupant);
    process.following = follow(this.#site, process);
    this.#tasks.add(process.following);
  }

  /** Decides and does what is due now. */
  look(): void {
    this.#again = true;
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#lookOnce();
      }
    } catch (error) {
      this.#site.fail(error);
    } finally {
      this.#looking = false;
    }
    this.#site.changed();
  }

  /** Asks each process whether it still runs: the net under the kernel's own word. */
  check(): void {
    for (const { process } of [...this.#occupants.values()]) process.check();
  }

  /** Whether nothing waits for a time to come: no start, no stop, no pause before the next start. */
  get atRest(): boolean {
    const now = this.#site.clock();
    const pausing = this.#pasts.all.some(({ restartAt }) => restartAt > now && restartAt !== endOfTime);
    return !pausing && this.#starts.seen.length === 0 && [...this.#occupants.values()].every(({ seen }) => seen.phase === "ready");
  }

  /** Numbers of the groups whose usage matters. */
  get groups(): readonly number[] {
    return [...this.#occupants.values()].flatMap(({ process }) => process.group ?? []);
  }

  /** Told by the sampler. */
  remember(usage: ReadonlyMap<number, Usage>): void {
    for (const occupant of this.#occupants.values()) {
      const own = usage.get(occupant.process.group ?? 0);
      if (own) occupant.used(own, this.#site.clock());
    }
    this.look();
  }

  /** The releases of which there is anything. */
  get releases(): readonly ReleaseVersion[] {
    return [...this.#occupants.values(), ...this.#pasts.all].map(({ slot }) => slot.release);
  }

  observed(release: ReleaseVersion, now: Instant): readonly ObservedProcess[] {
    const occupied = [...this.#occupants.values()].filter(({ slot }) => slot.release === release);
    const filled = new Set(occupied.map(({ slot }) => slotName(slot)));
    const absent = this.#pasts.all.filter(({ slot }) => slot.release === release && !filled.has(slotName(slot)));
    return [
      ...occupied.map((occupant) => occupant.observed(this.#pasts.of(occupant.slot)?.last, this.#requestsOf(occupant))),
      ...absent.map(({ slot, last, restartAt, restarts }): ObservedProcess => {
        const at = this.#starts.has(slot) ? now : restartAt;
        return { slot, phase: "exited", restartAt: at, restarts, ...(last && { last }) };
      }),
    ].toSorted(({ slot: a }, { slot: b }) => (a.process === b.process ? a.index - b.index : a.process < b.process ? -1 : 1));
  }

  /** Ends what is routed, drained first, or all. An aborted `hurry` means at once. */
  async stop(stage: "routed" | "all", hurry: AbortSignal): Promise<void> {
    const rush = (): void => {
      for (const occupant of this.#occupants.values()) occupant.hurry();
      this.look();
    };
    hurry.addEventListener("abort", rush);
    const { promise: emptied, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    this.#ending = stage;
    this.#starts.cancelAll();
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

  /** Lets go of all processes and leaves them running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#starts.cancelAll();
    for (const occupant of this.#occupants.values()) await occupant[Symbol.asyncDispose]();
    await this.#tasks.settled();
  }

  #lookOnce(): void {
    const now = this.#site.clock();
    const processes = [...[...this.#occupants.values()].map(({ seen }) => seen), ...this.#starts.seen];
    const ending = this.#ending && { ending: this.#ending };
    const actions = supervise({ wanted: this.#site.wanted.releases, processes, pasts: this.#pasts.seen, ...ending }, now);
    let wakeAt = later(now, longestSleepMs);
    for (const action of actions) {
      if (action.do === "wake") wakeAt = Math.min(wakeAt, action.at) as Instant;
      else this.#do(action, now);
    }
    this.#again ||= actions.some((action) => action.do !== "wake");
    this.#route();
    // Only now that no new request can come to them.
    for (const occupant of this.#leaving.splice(0)) this.#awaitRequests(occupant);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), Math.max(0, wakeAt - now));
    if (this.#ending && !processes.some(({ routed }) => routed || this.#ending === "all")) this.#onEmpty?.();
  }

  #do(action: Exclude<Action, { readonly do: "wake" }>, now: Instant): void {
    switch (action.do) {
      case "start":
        this.#starts.begin(action.slot, this.#restartsOf(action.slot));
        return;
      case "stop": {
        const occupant = this.#occupants.get(action.id);
        if (!occupant) {
          this.#starts.cancel(action.id);
          return;
        }
        const waitMs = Math.min(this.#site.drainMs, occupant.declared.graceMs);
        const until = Math.min(later(now, waitMs), action.deadline ?? Number.POSITIVE_INFINITY) as Instant;
        occupant.drain(action.reason, until, action.deadline);
        this.#leaving.push(occupant);
        return;
      }
      case "terminate":
        this.#occupants.get(action.id)?.terminate();
        return;
      case "kill":
        this.#occupants.get(action.id)?.kill();
        return;
      case "forget":
        this.#pasts.forget(action.slot);
        return;
    }
  }

  /** A replacement that is started before the end of what it replaces already counts that end. */
  #restartsOf(slot: Slot): number {
    const counts = [...this.#occupants.values()]
      .filter((each) => slotName(each.slot) === slotName(slot))
      .map(({ start, seen }) => {
        const judged = "reason" in seen ? !askedFor(seen.reason) : seen.due !== undefined;
        return start.restarts + (judged ? 1 : 0);
      });
    return Math.max(0, this.#pasts.of(slot)?.restarts ?? 0, ...counts);
  }

  #spawn({ folder, start, place }: Prepared): void {
    const process: HostProcess = HostProcess.begin(
      folder,
      start,
      place,
      this.#watch((ended) => this.#ended(process, ended)),
    );
    process.follow(this.#site.logs);
    this.#occupants.set(start.id, new Occupant(process, start, this.#around));
  }

  #watch(onEnd: Watch["onEnd"]): Watch {
    const { clock, onTrouble } = this.#around;
    return { clock, onEnd, onTrouble };
  }

  #route(): void {
    const { app, hosts, fallback, access, wanted, router } = this.#site;
    const seen = [...this.#occupants.values()].map((occupant) => occupant.seen);
    const targets = routeTargets(seen, wanted.routed);
    const others = gatesBeside(seen, targets);
    const { maintenance } = wanted;
    const table = { app, hosts, fallback, ...(access !== undefined && { access }), targets, others, maintenance };
    const text = JSON.stringify(table);
    if (text === this.#table) return;
    router.route(table);
    this.#table = text;
  }

  #requestsOf({ id, declared, slot }: Occupant): RequestPath | undefined {
    const { router, wanted } = this.#site;
    if (!declared.routed || slot.release !== wanted.routed) return undefined;
    if (declared.socket === "route") return { via: "router", why: "its manifest says so: `socket: route`" };
    return router.pathOf?.(id) ?? { via: "router", why: "the engine holds the port itself" };
  }

  #awaitRequests(occupant: Occupant): void {
    const { router, drainMs, fail } = this.#site;
    occupant.inFlight = true;
    router.goodbye(occupant.id, drainMs / 2);
    const drained = router.drained(occupant.id).then(() => {
      occupant.inFlight = false;
      this.look();
    });
    // Not among the tasks: when the process ends first, nobody waits for it.
    drained.catch(fail);
  }

  #ended(process: HostProcess, ended: HowItEnded): void {
    const occupant = this.#occupants.get(process.start.id);
    if (!occupant) return;
    this.#occupants.delete(occupant.id);
    occupant.rest();
    const { clock, chance, note, closing } = this.#site;
    const exit = occupant.exit(ended);
    const past = this.#pastOf(occupant, exit, chance());
    this.#pasts.put(past);
    const { declared, killedAfterMs, memoryBytes, start } = occupant;
    const ending = ended.refused === undefined ? abnormalEnd({ exit, killedAfterMs, declared }) : `could not be started: ${ended.refused}`;
    if (ending !== undefined && !closing.aborted) note(`${process.name} ${ending}${nextStartText(past.restartAt, exit, clock())}`);
    const crash =
      ending === undefined ? undefined : { at: exit.at, ending, command: declared.command, memoryBytes, restarts: start.restarts };
    this.#tasks.add(conclude(this.#site, process, crash, () => this.#pasts.settle(process.folder, past)));
    this.look();
  }

  #pastOf({ slot, start, process: { folder } }: Occupant, exit: Exit, chance: number): Past {
    const { restartAt, quickEnds, counts } = restart({ startedAt: start.startedAt, exit, quickEnds: start.quickEnds }, chance);
    const restarts = Math.max(this.#pasts.of(slot)?.restarts ?? 0, start.restarts + (counts ? 1 : 0));
    return { slot, last: exit, at: exit.at, restartAt, quickEnds, restarts, folder };
  }
}

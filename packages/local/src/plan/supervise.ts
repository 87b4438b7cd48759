import { endOfTime, type Instant, type ProcessType, type ReleaseVersion, type Slot, type StopReason } from "@douze/core";

/** What one release should run. */
export interface WantedRelease {
  readonly release: ReleaseVersion;
  /** A type that is not named was never asked about: what runs of it is left alone. */
  readonly scale: Readonly<Record<ProcessType, WantedScale>>;
  /** Set when all its processes must end, at the latest then. */
  readonly draining?: Instant;
}

export interface WantedScale {
  readonly count: number;
  readonly freshSince: Instant;
  readonly freshSlots: Readonly<Record<number, Instant>>;
}

/** One operating-system process in a slot. */
export type SlotProcess = {
  readonly id: string;
  readonly slot: Slot;
  readonly startedAt: Instant;
  readonly routed: boolean;
} & (
  | { readonly phase: "starting"; readonly due?: Due }
  | { readonly phase: "ready"; readonly due?: Due }
  /** Un-routed; it is told to end when the last request in flight is answered, or then. */
  | { readonly phase: "draining"; readonly reason: StopReason; readonly inFlight: boolean; readonly until: Instant }
  /** SIGTERM was sent. */
  | { readonly phase: "stopping"; readonly reason: StopReason; readonly deadline: Instant; readonly killed: boolean }
);

/** What was found wrong with a process. */
export type Due = "boot-timeout" | "liveness" | "memory";

/** What is remembered of a slot's last end, or of a start that failed. */
export interface SlotPast {
  readonly slot: Slot;
  readonly at: Instant;
  readonly restartAt: Instant;
}

export type Action =
  | { readonly do: "start"; readonly slot: Slot }
  /** Un-route it and let requests in flight finish. */
  | { readonly do: "stop"; readonly id: string; readonly reason: StopReason; readonly deadline?: Instant }
  /** SIGTERM to its group. */
  | { readonly do: "terminate"; readonly id: string }
  /** SIGKILL. */
  | { readonly do: "kill"; readonly id: string }
  /** Nothing more is to be known of the slot. */
  | { readonly do: "forget"; readonly slot: Slot }
  /** Look again then. */
  | { readonly do: "wake"; readonly at: Instant };

export interface Supervised {
  readonly wanted: readonly WantedRelease[];
  readonly processes: readonly SlotProcess[];
  readonly pasts: readonly SlotPast[];
  /** Everything ends: first what is routed, then all. */
  readonly ending?: "routed" | "all";
}

/**
 * What to do now so that the processes become what is wanted. Looks only at what is: asking twice, late or too often does no harm.
 */
export function supervise({ wanted, processes, pasts, ending }: Supervised, now: Instant): readonly Action[] {
  const actions = processes.flatMap((process) => seeOut(process, now));
  if (ending) {
    const due = active(processes).filter(({ routed }) => routed || ending === "all");
    return [...actions, ...due.map(({ id }): Action => ({ do: "stop", id, reason: "stopped" }))];
  }
  for (const release of wanted) {
    const own = processes.filter(({ slot }) => slot.release === release.release);
    if (release.draining !== undefined) {
      actions.push(...active(own).map(({ id }): Action => ({ do: "stop", id, reason: "retired", deadline: release.draining as Instant })));
      continue;
    }
    for (const [process, scale] of Object.entries(release.scale) as [ProcessType, WantedScale][]) {
      const slots = new Slots(release.release, process, own, pasts);
      actions.push(...keep(slots, scale, now));
    }
  }
  return [...actions, ...forget(wanted, processes, pasts)];
}

function seeOut(process: SlotProcess, now: Instant): Action[] {
  switch (process.phase) {
    case "starting":
    case "ready":
      return [];
    case "draining":
      if (process.inFlight && now < process.until) return [{ do: "wake", at: process.until }];
      return [{ do: "terminate", id: process.id }];
    case "stopping":
      if (now < process.deadline) return [{ do: "wake", at: process.deadline }];
      return process.killed ? [] : [{ do: "kill", id: process.id }];
  }
}

type Active = Extract<SlotProcess, { readonly phase: "starting" | "ready" }>;

/** The slots of one type of one release. */
class Slots {
  readonly #release: ReleaseVersion;
  readonly #process: ProcessType;
  readonly #pasts: readonly SlotPast[];
  readonly all: readonly SlotProcess[];

  constructor(release: ReleaseVersion, process: ProcessType, processes: readonly SlotProcess[], pasts: readonly SlotPast[]) {
    this.#release = release;
    this.#process = process;
    this.#pasts = pasts;
    this.all = processes.filter(({ slot }) => slot.process === process);
  }

  slot(index: number): Slot {
    return { process: this.#process, index, release: this.#release };
  }

  in(index: number): readonly SlotProcess[] {
    return this.all.filter(({ slot }) => slot.index === index);
  }

  past(index: number): SlotPast | undefined {
    return this.#pasts.find(({ slot }) => same(slot, this.slot(index)));
  }
}

function keep(slots: Slots, scale: WantedScale, now: Instant): Action[] {
  const surplus = active(slots.all).filter(({ slot }) => slot.index > scale.count);
  const actions = surplus.map(({ id }): Action => ({ do: "stop", id, reason: "scaled" }));
  const turn = turnToRefresh(slots, scale);
  for (let index = 1; index <= scale.count; index++) {
    actions.push(...fill(slots, index, freshness(scale, index), index === turn, now));
  }
  return actions;
}

/** One slot of a type at a time is refreshed, until nothing is left of its former process; none while one still is. */
function turnToRefresh(slots: Slots, scale: WantedScale): number | undefined {
  const indexes = Array.from({ length: scale.count }, (_, index) => index + 1);
  if (indexes.some((index) => slots.in(index).length > 1)) return undefined;
  return indexes.find((index) =>
    active(slots.in(index)).some((process) => process.phase === "ready" && stale(process, freshness(scale, index))),
  );
}

function fill(slots: Slots, index: number, fresh: Instant, mayRefresh: boolean, now: Instant): Action[] {
  const here = slots.in(index);
  const [newest, ...older] = active(here).toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  if (!newest) return here.some(endFirst) ? [] : start(slots, index, fresh, now);
  const sick = [newest, ...older].filter(({ due }) => due === "boot-timeout" || due === "liveness");
  if (sick.length > 0) return sick.map((process) => stop(process, process.due ?? "liveness"));
  if (newest.phase === "starting") return stale(newest, fresh) ? [stop(newest, staleBy(newest))] : [];
  if (older.length > 0) return older.map((process) => stop(process, staleBy(process)));
  if (!mayRefresh || !stale(newest, fresh)) return [];
  if (newest.due === "memory" && !newest.routed) return [stop(newest, "memory")];
  return start(slots, index, fresh, now);
}

/** After a failure to boot the pause counts from the end; and only a routed type must not be absent while it is replaced. */
function endFirst(process: SlotProcess): boolean {
  return process.phase !== "starting" && process.phase !== "ready" && (process.reason === "boot-timeout" || process.reason === "memory");
}

function start(slots: Slots, index: number, fresh: Instant, now: Instant): Action[] {
  const past = slots.past(index);
  const asked = past !== undefined && past.at < fresh;
  // An end that lies ahead: the clock was set back since, and its pause would last for as long.
  const setBack = past !== undefined && past.at > now && past.restartAt !== endOfTime;
  if (!past || asked || setBack || past.restartAt <= now) return [{ do: "start", slot: slots.slot(index) }];
  return past.restartAt === endOfTime ? [] : [{ do: "wake", at: past.restartAt }];
}

function stop({ id }: Active, reason: StopReason): Action {
  return { do: "stop", id, reason };
}

function stale(process: Active, fresh: Instant): boolean {
  return process.startedAt < fresh || process.due === "memory";
}

function staleBy(process: Active): "memory" | "restart" {
  return process.due === "memory" ? "memory" : "restart";
}

function freshness({ freshSince, freshSlots }: WantedScale, index: number): Instant {
  return Math.max(freshSince, freshSlots[index] ?? freshSince) as Instant;
}

function active(processes: readonly SlotProcess[]): readonly Active[] {
  return processes.filter((process) => process.phase === "starting" || process.phase === "ready");
}

function forget(wanted: readonly WantedRelease[], processes: readonly SlotProcess[], pasts: readonly SlotPast[]): Action[] {
  return pasts.flatMap(({ slot }): Action[] => {
    const release = wanted.find((each) => each.release === slot.release);
    const scale = release?.scale[slot.process];
    const gone = !release || release.draining !== undefined || (scale !== undefined && slot.index > scale.count);
    return gone && !processes.some((process) => same(process.slot, slot)) ? [{ do: "forget", slot }] : [];
  });
}

function same(a: Slot, b: Slot): boolean {
  return a.process === b.process && a.index === b.index && a.release === b.release;
}

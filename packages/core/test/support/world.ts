import type {
  Desired,
  DesiredRelease,
  Exit,
  Instant,
  Observed,
  ObservedProcess,
  ObservedRelease,
  ProcessType,
  ReleaseVersion,
  RunName,
  Step,
} from "@douze/core";

export const version = (number: number): ReleaseVersion => number as ReleaseVersion;
export const at = (ms: number): Instant => ms as Instant;
export const type = (name: string): ProcessType => name as ProcessType;

export function wanted(release: number, formation: Record<string, number>): DesiredRelease {
  return { release: version(release), formation, freshSince: {}, freshSlots: {} };
}

export function exit(code: number, rest: Partial<Exit> = {}): Exit {
  return { at: at(0), outcome: { by: "exit", code }, wasReady: false, ...rest };
}

type Phase = ObservedProcess["phase"];

export function process(release: number, name: string, phase: Phase, rest: { restarts?: number; last?: Exit } = {}): ObservedProcess {
  const [kind = "web", index = "1"] = name.split(".");
  const common = {
    slot: { process: type(kind), index: Number(index), release: version(release) },
    restarts: rest.restarts ?? 0,
    ...(rest.last && { last: rest.last }),
  };
  switch (phase) {
    case "starting":
      return { ...common, phase, pid: 1, startedAt: at(0) };
    case "ready":
      return { ...common, phase, pid: 1, startedAt: at(0), readyAt: at(1) };
    case "stopping":
      return { ...common, phase, pid: 1, startedAt: at(0), reason: "retired", deadline: at(9) };
    case "exited":
      return { ...common, phase, restartAt: at(9) };
  }
}

export function observedRelease(
  release: number,
  scale: Record<string, number>,
  processes: ObservedProcess[],
  draining = false,
): ObservedRelease {
  const asked = Object.fromEntries(Object.entries(scale).map(([name, count]) => [name, { count, freshSince: at(0), freshSlots: {} }]));
  return { release: version(release), scale: asked, processes, draining };
}

export function observed(releases: ObservedRelease[], routed?: number, runs: Observed["runs"] = []): Observed {
  return { at: at(0), releases, maintenance: false, runs, ...(routed !== undefined && { routed: version(routed) }) };
}

/**
 * A target that does what it is asked, one small change at a time and in an order that chance picks: enough to see whether
 * looking again and again leads where it should.
 */
export class World {
  readonly #releases = new Map<
    number,
    { scale: Record<string, number>; processes: Map<string, Phase>; draining: boolean; broken: boolean }
  >();
  readonly #runs = new Map<RunName, { release: number; phase: "running" | "exited"; code: number }>();
  readonly taskCode: number;
  readonly broken: ReadonlySet<number>;
  routed: number | undefined;
  readonly taskStarts: RunName[] = [];

  constructor(options: { taskCode?: number; broken?: readonly number[] } = {}) {
    this.taskCode = options.taskCode ?? 0;
    this.broken = new Set(options.broken ?? []);
  }

  take(step: Step): void {
    switch (step.do) {
      case "run-once":
        if (this.#runs.has(step.run)) return;
        this.taskStarts.push(step.run);
        this.#runs.set(step.run, { release: step.release, phase: "running", code: this.taskCode });
        return;
      case "scale":
        this.#release(step.release).scale[step.process] = step.count;
        return;
      case "route":
        this.routed = step.release;
        return;
      case "drain":
        this.#release(step.release).draining = true;
        return;
      case "retire":
        this.#releases.delete(step.release);
        return;
      case "end-run":
      case "forget-run":
      case "maintain":
        return;
    }
  }

  /** Everything that could happen next. */
  moves(): (() => void)[] {
    const moves: (() => void)[] = [];
    for (const run of this.#runs.values()) if (run.phase === "running") moves.push(() => (run.phase = "exited"));
    for (const release of this.#releases.values()) {
      for (const [name, count] of Object.entries(release.scale)) {
        for (let index = 1; index <= count; index += 1) {
          const slot = `${name}.${index}`;
          if (!release.draining && !release.processes.has(slot)) moves.push(() => release.processes.set(slot, "starting"));
        }
      }
      for (const [slot, phase] of release.processes) {
        if (release.draining) moves.push(() => release.processes.delete(slot));
        else if (phase === "starting") moves.push(() => release.processes.set(slot, release.broken ? "exited" : "ready"));
      }
    }
    return moves;
  }

  observe(): Observed {
    const releases = [...this.#releases].map(([number, { scale, processes, draining }]) =>
      observedRelease(
        number,
        scale,
        [...processes].map(([slot, phase]) => process(number, slot, phase, phase === "exited" ? { last: exit(1) } : {})),
        draining,
      ),
    );
    const runs = [...this.#runs].map(([name, run]): Observed["runs"][number] => {
      const common = { name, release: version(run.release), startedAt: at(0) };
      if (run.phase === "running") return { ...common, phase: "running", pid: 1 };
      return { ...common, phase: "exited", endedAt: at(1), outcome: { by: "exit", code: run.code }, timedOut: false };
    });
    return observed(releases, this.routed, runs);
  }

  ready(release: number): number {
    return [...(this.#releases.get(release)?.processes.values() ?? [])].filter((phase) => phase === "ready").length;
  }

  releases(): number[] {
    return [...this.#releases.keys()];
  }

  #release(number: number): { scale: Record<string, number>; processes: Map<string, Phase>; draining: boolean; broken: boolean } {
    const found = this.#releases.get(number) ?? { scale: {}, processes: new Map(), draining: false, broken: this.broken.has(number) };
    this.#releases.set(number, found);
    return found;
  }
}

export function task(release: number): NonNullable<NonNullable<Desired["candidate"]>["task"]> {
  return { run: `release.${release}` as RunName, command: "migrate", timeoutMs: 1000 };
}

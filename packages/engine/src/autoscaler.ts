import {
  type Autoscale,
  autoscale,
  type Formation,
  type Instant,
  noPast,
  type Observed,
  type ProcessType,
  type Release,
  type ScalingPast,
  versionName,
} from "@douze/core";
import type { Driver } from "./driver.ts";
import type { ScalingView } from "./view.ts";

/** Between two looks, as Kubernetes' autoscaler has it, in milliseconds. */
const defaultEveryMs = 15_000;

export interface AutoscalerOptions {
  readonly driver: Driver;
  readonly clock: () => Instant;
  /** The release that serves. */
  readonly current: () => Release | undefined;
  readonly observed: () => Observed | undefined;
  /** A count is another one now. */
  readonly changed: () => void;
  /** Told of what is no matter of the app's. */
  readonly fail: (error: unknown) => void;
  /** Milliseconds. Default 15_000. */
  readonly everyMs?: number;
}

interface Standing {
  readonly count: number;
  readonly past: ScalingPast;
  readonly why: string;
  readonly at: Instant;
}

/**
 * Keeps the counts of the types that are autoscaled, on a target that does not do so by itself. They go with the environment from release
 * to release, and a new engine takes them from what it finds running: nothing of it is stored.
 */
export class Autoscaler implements AsyncDisposable {
  readonly #options: AutoscalerOptions;
  readonly #standing = new Map<ProcessType, Standing>();
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    if (options.driver.metric) this.#timer = setInterval(() => this.#tick(), options.everyMs ?? defaultEveryMs);
  }

  /** A release's formation with the counts that hold now. */
  formation({ formation, manifest }: Release): Formation {
    if (this.#timer === undefined) return formation;
    return Object.fromEntries(
      Object.entries(formation).map(([name, count]) => {
        const type = name as ProcessType;
        const declared = manifest.processes[type]?.autoscale;
        return [type, declared ? within(declared, this.#count(type, count)) : count];
      }),
    );
  }

  /** A person set counts: they hold until the next look moves them. */
  set(formation: Formation): void {
    const at = this.#options.clock();
    for (const [name, count] of Object.entries(formation)) {
      const type = name as ProcessType;
      this.#standing.set(type, { count, past: this.#standing.get(type)?.past ?? noPast, why: "set by hand", at });
    }
  }

  get views(): readonly ScalingView[] {
    const release = this.#options.current();
    if (!release || this.#timer === undefined) return [];
    return autoscaled(release).map(([process, { min, max }]) => {
      const standing = this.#standing.get(process);
      const count = this.#count(process, release.formation[process] ?? 0);
      return { process, count, min, max, why: standing?.why ?? "nothing was measured yet", ...(standing && { at: standing.at }) };
    });
  }

  #count(type: ProcessType, declared: number): number {
    return this.#standing.get(type)?.count ?? (declared === 0 ? 0 : (this.#found(type) ?? declared));
  }

  /** What an earlier engine had come to. */
  #found(type: ProcessType): number | undefined {
    const observed = this.#options.observed();
    const count = observed?.releases.find(({ release }) => release === observed.routed)?.scale[type]?.count;
    return count === 0 ? undefined : count;
  }

  #tick(): void {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.fail(error);
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #look(): Promise<void> {
    const release = this.#options.current();
    const seen = this.#options.observed()?.releases.find((each) => each.release === release?.version);
    if (!release || !seen) return;
    let moved = false;
    for (const [type, declared] of autoscaled(release)) {
      const metric = declared.metric && (await this.#options.driver.metric?.(release.version, declared.metric, this.#closing.signal));
      if (this.#closing.signal.aborted) return;
      const count = within(declared, this.#count(type, release.formation[type] ?? 0));
      const processes = seen.processes
        .filter(({ slot, phase }) => slot.process === type && slot.index <= count && phase !== "stopping")
        .map((each) => ({
          ready: each.phase === "ready",
          ...(each.phase === "ready" && each.cores !== undefined && { cores: each.cores }),
        }));
      const now = this.#options.clock();
      const cores = release.manifest.processes[type]?.cores ?? 1;
      const past = this.#standing.get(type)?.past ?? noPast;
      const next = autoscale({ declared, count, cores, processes, ...(metric !== undefined && { metric }) }, past, now);
      this.#standing.set(type, { ...next, at: now });
      if (next.count === count) continue;
      moved = true;
      this.#options.driver.note(`${type} of ${versionName(release.version)} scaled from ${count} to ${next.count}: ${next.why}`);
    }
    if (moved) this.#options.changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await this.#looking;
  }
}

function autoscaled({ manifest }: Release): readonly (readonly [ProcessType, Autoscale])[] {
  return Object.entries(manifest.processes).flatMap(([name, { autoscale: declared }]) =>
    declared ? [[name as ProcessType, declared] as const] : [],
  );
}

/** None stays none. */
function within({ min, max }: Autoscale, count: number): number {
  return count === 0 ? 0 : Math.min(max, Math.max(min, count));
}

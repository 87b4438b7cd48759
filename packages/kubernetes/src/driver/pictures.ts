import type { Instant, Observed } from "@douze/core";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import { type Selector, type Watched, watch } from "../api/watch.ts";
import { endOf } from "../plan/ends.ts";
import { type Look, observe, type Picture } from "../plan/observe.ts";
import type { TargetState } from "../plan/state.ts";

/** Changes that come together are looked at together, in milliseconds. */
const gatherMs = 50;

/** Pods that ended badly and are gone: so many of the last are remembered. */
const goneKept = 200;

/** Watches an app's objects, and tells what they come to. */
export class Pictures implements AsyncDisposable {
  readonly #pods = new Map<string, IPod & Watched>();
  readonly #deployments = new Map<string, IDeployment & Watched>();
  readonly #jobs = new Map<string, IJob & Watched>();
  readonly #events = new Map<string, IEvent & Watched>();
  readonly #kills = new Map<string, IEvent & Watched>();
  readonly #gone: IPod[] = [];
  readonly #state: () => TargetState;
  readonly #clock: () => Instant;
  readonly #hidden: (run: string) => boolean;
  readonly #end = new AbortController();
  readonly #wakers = new Set<() => void>();
  #watching: Promise<unknown> = Promise.resolve();
  #ready = false;

  /** @param hidden - runs that are no longer told of */
  constructor(state: () => TargetState, clock: () => Instant, hidden: (run: string) => boolean) {
    this.#state = state;
    this.#clock = clock;
    this.#hidden = hidden;
  }

  /** Begins to watch; returns when everything was seen once. */
  async open(cluster: Cluster, namespace: string, app: string): Promise<void> {
    const selector = { labelSelector: `app.kubernetes.io/part-of=${app}` };
    const seen = [
      this.#watch(cluster, kinds.pod, namespace, selector, this.#pods, (pod) => this.#remember(pod)),
      this.#watch(cluster, kinds.deployment, namespace, selector, this.#deployments),
      this.#watch(cluster, kinds.job, namespace, selector, this.#jobs),
      // Why something makes no pods, or why a container was stopped, is told nowhere else.
      this.#watch(cluster, kinds.event, namespace, { fieldSelector: "reason=FailedCreate" }, this.#events),
      this.#watch(cluster, kinds.event, namespace, { fieldSelector: "reason=Killing" }, this.#kills),
    ];
    this.#watching = Promise.allSettled(seen.map(({ whole }) => whole));
    await Promise.all(seen.map(({ first, whole }) => Promise.race([first, whole])));
    this.#ready = true;
  }

  get picture(): Picture {
    return {
      pods: [...this.#pods.values()],
      deployments: [...this.#deployments.values()],
      jobs: [...this.#jobs.values()],
      events: [...this.#events.values(), ...this.#kills.values()],
      gone: this.#gone,
    };
  }

  /** Something that is not an object's has changed: what is wanted, say. */
  changed(): void {
    for (const wake of this.#wakers) wake();
  }

  async *observations(signal: AbortSignal): AsyncGenerator<Observed> {
    const over = AbortSignal.any([signal, this.#end.signal]);
    let before = "";
    while (!over.aborted) {
      const woken = this.#woken(over);
      const { observed, nextAt } = this.look();
      const { at: _at, ...rest } = observed;
      const text = JSON.stringify(rest);
      if (this.#ready && text !== before) {
        before = text;
        yield observed;
      }
      await woken(nextAt === undefined ? undefined : Math.max(0, nextAt - this.#clock()));
    }
  }

  look(): Look {
    const look = observe(this.picture, this.#state(), this.#clock());
    return { ...look, observed: { ...look.observed, runs: look.observed.runs.filter(({ name }) => !this.#hidden(name)) } };
  }

  /** What a pod ended with goes with it, and nobody else keeps it. */
  #remember(pod: IPod): void {
    if ((endOf(pod)?.exitCode ?? 0) === 0) return;
    this.#gone.push(pod);
    if (this.#gone.length > goneKept) this.#gone.shift();
  }

  #watch<T extends Watched>(
    cluster: Cluster,
    kind: (typeof kinds)[keyof typeof kinds],
    namespace: string,
    selector: Selector,
    picture: Map<string, T>,
    gone?: (object: T) => void,
  ): { first: Promise<void>; whole: Promise<void> } {
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const changed = (): void => {
      resolve();
      this.changed();
    };
    return { first, whole: watch(cluster, kind, namespace, selector, { picture, changed, ...(gone && { gone }) }, this.#end.signal) };
  }

  /** Listens from now on; what is returned waits for a change, or for so long. */
  #woken(over: AbortSignal): (ms: number | undefined) => Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => void setTimeout(resolve, gatherMs);
    const end = (): void => resolve();
    this.#wakers.add(wake);
    over.addEventListener("abort", end, { once: true });
    return async (ms) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, Math.min(ms + 1, 2 ** 31 - 1));
      if (!over.aborted) await promise;
      clearTimeout(timer);
      this.#wakers.delete(wake);
      over.removeEventListener("abort", end);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#watching;
  }
}

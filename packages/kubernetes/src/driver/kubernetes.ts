import {
  type AppName,
  type Instant,
  type KubernetesTarget,
  type LogLine,
  type LogQuery,
  type Observed,
  Problem,
  type ProcessType,
  type Release,
  type ReleaseVersion,
  type Step,
  versionName,
} from "@douze/core";
import type { CrashBundle, Driver, OneOffPlace, RunnableSource } from "@douze/engine";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import type { Drift } from "../plan/drift.ts";
import { type OneOffJob, oneOffJob } from "../plan/jobs.ts";
import { liveObject, processObject } from "../plan/names.ts";
import { placed } from "../plan/observe.ts";
import { objectsOf, type Rendered, type RenderIn, render } from "../plan/render.ts";
import { asAsked, carried, type TargetState, withAsked, withDraining, withoutRelease } from "../plan/state.ts";
import { Applying } from "./applying.ts";
import { crashesOf } from "./crashes.ts";
import { drifting } from "./drifting.ts";
import { Masking } from "./masking.ts";
import { Notes } from "./notes.ts";
import { Pictures } from "./pictures.ts";
import { type Source, sourcesOf, storedLines } from "./pod-logs.ts";
import { followed } from "./pod-logs-follow.ts";
import { endRun, forgetRun, notHere } from "./runs.ts";
import { connectTerminal, type Terminal } from "./terminal.ts";

/** What a release's build became. */
export type ReleaseImage = Pick<RenderIn, "image" | "language" | "workingDir">;

export interface KubernetesOptions {
  readonly cluster: Cluster;
  readonly app: AppName;
  readonly namespace: string;
  readonly target: KubernetesTarget;
  readonly runnable: RunnableSource;
  /** What a release's build became. */
  readonly image: (release: Release) => Promise<ReleaseImage>;
  /** Keys the names of secret objects. */
  readonly nameKey: () => Uint8Array;
  readonly state: { readonly read: () => TargetState; readonly write: (state: TargetState) => Promise<void> };
  readonly clock: () => Instant;
  /** Throws when somebody else has the lock: nothing more is changed then. */
  readonly held: () => void;
  /** Takes over fields that others have set. */
  readonly force: boolean;
  /** Told of what a person should know while it happens. */
  readonly onNote: (text: string) => void;
}

/**
 * A namespace of a cluster. The cluster starts, watches and replaces processes by itself; this says what it should have, and reads what
 * became of it. A release on trial takes the pods of the one that serves over a few at a time; one that fails is taken back.
 */
export class Kubernetes implements Driver {
  readonly #options: KubernetesOptions;
  readonly #applying: Applying;
  readonly #pictures: Pictures;
  readonly #notes: Notes;
  readonly #masking: Masking;
  readonly #forgotten = new Set<string>();

  private constructor(options: KubernetesOptions) {
    this.#options = options;
    this.#applying = new Applying(options.cluster, options.force);
    this.#masking = new Masking(options);
    this.#notes = new Notes(options.onNote, options.clock);
    this.#pictures = new Pictures(options.state.read, options.clock, (run) => this.#forgotten.has(run));
  }

  /** Begins to watch; changes nothing. */
  static async open(options: KubernetesOptions): Promise<Kubernetes> {
    const driver = new Kubernetes(options);
    await driver.#pictures.open(options.cluster, options.namespace, options.app);
    return driver;
  }

  observe(signal: AbortSignal): AsyncIterable<Observed> {
    return this.#pictures.observations(signal);
  }

  async apply(step: Step, signal: AbortSignal): Promise<void> {
    await this.#take(step, signal);
    this.#pictures.changed();
  }

  async *logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    try {
      yield* this.#lines(query, signal);
    } catch (error) {
      // Whoever asks has heard enough.
      if (!signal.aborted) throw error;
    }
  }

  async *#lines(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const place = { ...this.#options, masking: this.#masking };
    const only = query.processes;
    const own = only === undefined || only.includes("douze") ? this.#notes.lines : [];
    const sources = (): readonly Source[] => sourcesOf(this.#pictures.picture.pods, only);
    const { lines, readTo } = await storedLines(place, sources(), query, signal);
    yield* [...own, ...lines].sort((a, b) => a.at - b.at);
    if (query.follow) yield* followed(place, sources, query, readTo, signal);
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  async crashes(process?: string): Promise<readonly CrashBundle[]> {
    return await crashesOf(this.#pictures.picture, process, (pod) =>
      this.#masking.of(pod).catch((error: unknown) => {
        if (error instanceof Problem) return undefined;
        throw error;
      }),
    );
  }

  /**
   * Runs a command in a pod of its own, with a person's terminal.
   *
   * @returns its exit status
   */
  async terminal(release: ReleaseVersion, one: Omit<OneOffJob, "terminal">, terminal: Terminal): Promise<number> {
    const { cluster, namespace } = this.#options;
    const rendered = await this.#rendered(release);
    await this.#applying.apply(rendered.oneOffs);
    const job = oneOffJob(rendered.setting, { ...one, terminal: true });
    await this.#applying.create(job);
    try {
      return await connectTerminal(cluster, namespace, job.metadata.name, terminal);
    } finally {
      await cluster.remove(kinds.job, namespace, job.metadata.name);
    }
  }

  /** What in the cluster is not as the release has it that serves. */
  async drift(): Promise<readonly Drift[]> {
    const { cluster, state } = this.#options;
    const { routed } = state.read();
    if (routed === undefined) return [];
    // A task that has run is gone one day, and is not made again.
    const { ground, workloads, surroundings } = await this.#rendered(routed);
    return await drifting(cluster, [...ground, ...workloads, ...surroundings]);
  }

  /** A change of the pods wakes the kubelet, which else looks at its volumes once in a minute. */
  async setLive(release: ReleaseVersion, values: Readonly<Record<string, string>>): Promise<void> {
    const { cluster, namespace, app, clock } = this.#options;
    this.#options.held();
    const live = (await this.#rendered(release)).ground.find(({ metadata }) => metadata.name === liveObject(app));
    if (!live) return;
    await this.#applying.apply([{ ...live, data: values }]);
    const changed = { metadata: { annotations: { "douze.dev/live": String(clock()) } } };
    for (const { pod } of placed(this.#pictures.picture.pods)) {
      await cluster.patch(kinds.pod, namespace, pod.metadata?.name ?? "", changed).catch((error: unknown) => {
        // One that ends meanwhile needs no waking.
        if (!(error instanceof Problem)) throw error;
      });
    }
  }

  async oneOff(_release: ReleaseVersion, run: string): Promise<OneOffPlace> {
    throw notHere(run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pictures[Symbol.asyncDispose]();
  }

  /**
   * What a step changes in the cluster comes before it is written down as done: whoever is cut off in between takes the step again.
   */
  async #take(step: Step, signal: AbortSignal): Promise<void> {
    const { state, held } = this.#options;
    held();
    switch (step.do) {
      case "scale": {
        const { release, process, count, freshSince, freshSlots } = step;
        const next = withAsked(state.read(), release, process, { count, freshSince, freshSlots });
        if (carried(next) === release) await this.#bring(release, process, next, signal);
        await this.#replaceSlots(release, process, freshSlots);
        return await state.write(next);
      }
      case "route":
        return await this.#route(step.release);
      case "drain": {
        const next = withDraining(state.read(), step.release);
        await this.#takeBack(step.release, next);
        return await state.write(next);
      }
      case "retire":
        return await state.write(withoutRelease(state.read(), step.release));
      case "maintain": {
        const next = { ...state.read(), maintenance: step.on };
        if (next.routed !== undefined) await this.#applying.apply((await this.#rendered(next.routed, next)).workloads);
        return await state.write(next);
      }
      case "run-once":
        return await this.#run(step, signal);
      case "end-run":
        return await endRun(this.#options, this.#pictures.picture, step);
      case "forget-run":
        this.#forgotten.add(step.run);
        return await forgetRun(this.#options, this.#pictures.picture, step.run);
    }
  }

  /** One process type of a release, with what all of them need. */
  async #bring(release: ReleaseVersion, process: ProcessType, next: TargetState, signal: AbortSignal): Promise<void> {
    const rendered = await this.#rendered(release, next);
    await this.#applying.prepare(rendered, signal);
    const own = processObject(this.#options.app, process);
    await this.#applying.apply(rendered.workloads.filter(({ metadata }) => metadata.name === own));
  }

  async #route(release: ReleaseVersion): Promise<void> {
    const { state, namespace, app } = this.#options;
    const next = { ...state.read(), routed: release };
    const rendered = await this.#rendered(release, next);
    if (carried(next) === release) {
      await this.#applying.apply(rendered.ground);
      await this.#applying.apply(rendered.workloads);
    }
    await this.#applying.apply(rendered.surroundings);
    await state.write(next);
    // Last: what is left over when this is cut off harms nobody, and goes with the next release.
    const removed = await this.#applying.prune(namespace, app, [...objectsOf(rendered), ...rendered.oneOffs]);
    if (removed.length > 0) this.#notes.add(`removed what ${versionName(release)} no longer has: ${removed.join(", ")}`);
  }

  /** What a failed release has put in place of the one that serves goes back; where none serves, it ends. */
  async #takeBack(release: ReleaseVersion, next: TargetState): Promise<void> {
    const { cluster, namespace, app } = this.#options;
    const { routed } = next;
    if (routed === release) return;
    if (routed === undefined) {
      const selector = `app.kubernetes.io/part-of=${app},app.kubernetes.io/managed-by=douze`;
      const { items } = await cluster.list(kinds.deployment, namespace, selector);
      for (const { metadata } of items) await this.#applying.remove(kinds.deployment, namespace, metadata.name);
      return;
    }
    if (carried(next) !== routed) return;
    const { ground, workloads } = await this.#rendered(routed, next);
    await this.#applying.apply(ground);
    await this.#applying.apply(workloads);
  }

  async #run({ release, run, command, timeoutMs }: Extract<Step, { do: "run-once" }>, signal: AbortSignal): Promise<void> {
    const rendered = await this.#rendered(release);
    await this.#applying.prepare(rendered, signal);
    const isTask = run === `release.${release}` && rendered.task;
    if (!isTask) await this.#applying.apply(rendered.oneOffs);
    await this.#applying.create(isTask ? rendered.task : oneOffJob(rendered.setting, { run, command, timeoutMs }));
  }

  /** A pod has no number of its own: the one that has it now is replaced. */
  async #replaceSlots(release: ReleaseVersion, process: ProcessType, freshSlots: Readonly<Record<number, Instant>>): Promise<void> {
    const { cluster, namespace } = this.#options;
    for (const { pod, type, release: of, index } of placed(this.#pictures.picture.pods)) {
      const since = freshSlots[index];
      const { name = "", creationTimestamp = "" } = pod.metadata ?? {};
      if (type !== process || of !== release || since === undefined || Date.parse(creationTimestamp) >= since) continue;
      await cluster.remove(kinds.pod, namespace, name);
    }
  }

  async #rendered(version: ReleaseVersion, state: TargetState = this.#options.state.read()): Promise<Rendered> {
    const { runnable, image, target, nameKey } = this.#options;
    const { release, env } = await runnable(version);
    return render({
      ...asAsked(release, state),
      ...(await image(release)),
      target,
      env,
      nameKey: nameKey(),
      task: release.manifest.release !== undefined,
      maintenance: state.maintenance,
    });
  }
}

import {
  type Instant,
  type KubernetesTarget,
  type LogLine,
  type Observed,
  type ObservedProcess,
  Problem,
  type ProcessType,
  type Release,
  type ReleaseVersion,
  type Run,
  type RunName,
  type Step,
} from "@douze/core";
import type { CrashBundle, Driver, OneOffPlace, RunnableSource } from "@douze/engine";
import { type Files, isFrozen, jobStaysSeconds } from "../plan/layout/files.ts";
import { type LayoutIn, layout } from "../plan/layout/layout.ts";
import { objectsOf, render } from "../plan/render.ts";
import { keptNames, type RepositoryState, withFrozen } from "../plan/repository-state.ts";
import { asAsked, type TargetState, withAsked, withDraining, withoutRelease } from "../plan/state.ts";
import { fileOf } from "../plan/yaml.ts";

import type { ReleaseImage } from "./kubernetes.ts";

/** Where the files of a release go. */
export interface Shelf {
  readonly state: RepositoryState;
  /** Texts of files that were written before, by their names; those that are gone are left out. */
  texts(names: readonly string[]): Promise<Files>;
  /**
   * Puts files in place of those that were written before, and notes what they are of.
   *
   * @param files - absent: they stay as they are
   */
  write(files: Files | undefined, state: Omit<RepositoryState, "files">): Promise<void>;
}

export interface RepositoryOptions {
  readonly shelf: Shelf;
  readonly target: KubernetesTarget;
  readonly gitops: LayoutIn["gitops"];
  /** Of the folder, from the root of its repository. */
  readonly path: string;
  readonly runnable: RunnableSource;
  /** What a release's build became. */
  readonly image: (release: Release) => Promise<ReleaseImage>;
  /** Keys the names of secret objects. */
  readonly nameKey: Uint8Array;
  readonly encrypt: (secret: object) => string;
  readonly clock: () => Instant;
  /** Told of what a person should know while it happens. */
  readonly onNote: (text: string) => void;
}

/**
 * A folder of a repository in place of a cluster: what a step asks for is written there, and counts as there. Whether it is, only the tool
 * can tell that brings it into the cluster.
 */
export class Repository implements Driver {
  readonly #options: RepositoryOptions;
  readonly #runs = new Map<string, Run>();
  readonly #ended = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  async *observe(signal: AbortSignal): AsyncIterable<Observed> {
    const end = AbortSignal.any([signal, this.#ended.signal]);
    const aborted = Promise.withResolvers<void>();
    end.addEventListener("abort", () => aborted.resolve(), { once: true });
    while (!end.aborted) {
      const changed = this.#changed.promise;
      yield this.#observed();
      await Promise.race([changed, aborted.promise]);
    }
  }

  async apply(step: Step, _signal: AbortSignal): Promise<void> {
    await this.#take(step);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async *logs(): AsyncIterable<LogLine> {
    yield* [];
  }

  note(text: string): void {
    this.#options.onNote(text);
  }

  async crashes(): Promise<readonly CrashBundle[]> {
    return [];
  }

  async setLive(release: ReleaseVersion): Promise<void> {
    if (this.#target.routed === release) await this.#ask(this.#target, true);
  }

  async oneOff(_release: ReleaseVersion, run: string): Promise<OneOffPlace> {
    throw untouched(`${run} cannot be run`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
  }

  get #target(): TargetState {
    return this.#options.shelf.state.target;
  }

  /** Files come before the state that says what they are: whoever is cut off in between takes the step again. */
  async #take(step: Step): Promise<void> {
    const { shelf } = this.#options;
    const target = this.#target;
    switch (step.do) {
      case "scale": {
        const { release, process, count, freshSince, freshSlots } = step;
        const next = withAsked(target, release, process, { count, freshSince, freshSlots });
        // What cannot be laid out fails while it is on trial, and never when it is current.
        if (release !== target.routed) await this.#laidOut(release, next);
        return await this.#ask(next, release === target.routed);
      }
      case "route":
        return await this.#ask({ ...target, routed: step.release }, true);
      case "drain":
        return await this.#ask(withDraining(target, step.release), false);
      case "retire":
        return await this.#ask(withoutRelease(target, step.release), false);
      case "maintain":
        return await this.#ask({ ...target, maintenance: step.on }, true);
      case "run-once": {
        const { release, run } = step;
        if (run !== `release.${release}`) throw untouched(`${run} cannot be run`);
        const at = this.#options.clock();
        // The tool runs it before anything else of the release, and goes no further where it fails.
        this.#runs.set(run, {
          name: run as RunName,
          release,
          startedAt: at,
          phase: "exited",
          endedAt: at,
          outcome: { by: "exit", code: 0 },
          timedOut: false,
        });
        // Whoever takes the next step may not be the one who took this.
        return await shelf.write(undefined, { target, frozen: shelf.state.frozen, task: release });
      }
      case "end-run":
      case "forget-run":
        this.#runs.delete(step.run);
    }
  }

  /** @param shows - whether the files of the release that is routed are others now */
  async #ask(target: TargetState, shows: boolean): Promise<void> {
    const { shelf } = this.#options;
    if (shows && target.routed !== undefined) {
      const { files, ...state } = await this.#laidOut(target.routed, target);
      return await shelf.write(files, state);
    }
    const { frozen, task } = shelf.state;
    await shelf.write(undefined, { target, frozen, ...(task !== undefined && { task }) });
  }

  async #laidOut(version: ReleaseVersion, target: TargetState): Promise<{ readonly files: Files } & Omit<RepositoryState, "files">> {
    const { shelf, runnable, image, gitops, nameKey, path, encrypt } = this.#options;
    const { release, env } = await runnable(version);
    const due = shelf.state.task === version;
    const rendered = render({
      ...asAsked(release, target),
      ...(await image(release)),
      target: this.#options.target,
      env,
      nameKey,
      task: due,
      maintenance: target.maintenance,
      taskTtlSeconds: gitops.format === "helm" ? hookStaysSeconds : jobStaysSeconds,
    });
    const names = objectsOf(rendered).filter(isFrozen).map(fileOf);
    const { frozen } = withFrozen(shelf.state, version, names);
    const kept = await shelf.texts(keptNames(frozen, names));
    return { files: layout({ rendered, gitops, path, encrypt, kept }), target, frozen, ...(due && { task: version }) };
  }

  #observed(): Observed {
    const { clock } = this.#options;
    const { asked, draining, routed, maintenance } = this.#target;
    const at = clock();
    const versions = Object.keys(asked).map((each) => Number(each) as ReleaseVersion);
    return {
      at,
      releases: versions.map((release) => ({
        release,
        scale: asked[release] ?? {},
        draining: draining.includes(release),
        processes: draining.includes(release)
          ? []
          : Object.entries(asked[release] ?? {}).flatMap(([type, { count }]) =>
              Array.from({ length: count }, (_, index) => asIfReady(type as ProcessType, index + 1, release, at)),
            ),
      })),
      maintenance,
      runs: [...this.#runs.values()],
      ...(routed !== undefined && { routed }),
    };
  }
}

/** How long Helm's hook stays to be looked at, in seconds: Helm makes it anew with the next upgrade alone. */
const hookStaysSeconds = 86_400;

function asIfReady(process: ProcessType, index: number, release: ReleaseVersion, at: Instant): ObservedProcess {
  return { slot: { process, index, release }, restarts: 0, phase: "ready", pid: 1, startedAt: at, readyAt: at };
}

/** Of what would need the cluster itself. */
export function untouched(what: string): Problem {
  return new Problem({
    code: "target-unfit",
    what,
    why: "releases of this environment are committed to a repository, and its cluster is never touched from here",
    fix: "ask the cluster: `kubectl`, or the tool that brings the repository into it",
  });
}

import { type Decision, type Desired, deploy, type Instant, type Observed, Problem, type ReleaseVersion, type Verdict } from "@douze/core";
import type { Driver } from "./driver.ts";
import { machineProblem } from "./machine-problem.ts";

export interface LoopOptions {
  readonly driver: Driver;
  readonly clock: () => Instant;
  /** Read anew at each look. */
  readonly desired: () => Desired;
  /** Writes down what became of the candidate; the loop looks again after it. */
  readonly onVerdict: (verdict: Verdict) => Promise<void>;
  /** Takes no step. Default false. */
  readonly looksOnly?: boolean;
  /** Told of each observation before a decision is made on it. */
  readonly onObserved: (observed: Observed) => Promise<void>;
}

/** After a step that could not be taken, for a release that serves already, in milliseconds. */
const retryMs = 5_000;

/**
 * Observe, decide, apply, record, and again. One look at a time: what happens during it leads to another look after it.
 */
export class Loop implements AsyncDisposable {
  readonly #options: LoopOptions;
  readonly #end = new AbortController();
  readonly #watchers = new Set<(observed: Observed) => void>();
  #observed: Observed | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;
  #observing: Promise<void> | undefined;
  #fault: unknown;
  readonly #noted = new Map<string, string>();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#observing = this.#observe();
  }

  get observed(): Observed | undefined {
    return this.#observed;
  }

  /** Look again soon: what is desired has changed. */
  look(): void {
    this.#again = true;
    this.#looking ??= this.#run();
  }

  /** Waits until the looks that were asked for are over, and their steps taken. */
  async rest(): Promise<void> {
    while (this.#looking) await this.#looking;
  }

  /**
   * Waits until what is observed, now or later, holds.
   *
   * @throws what ended the loop
   */
  async until<T>(holds: (observed: Observed) => T | undefined, signal?: AbortSignal): Promise<T> {
    if (this.#fault) throw this.#fault;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const watcher = (observed: Observed): void => {
      const found = holds(observed);
      if (found !== undefined) resolve(found);
    };
    const abort = (): void => reject(this.#fault ?? signal?.reason ?? this.#end.signal.reason);
    this.#watchers.add(watcher);
    this.#end.signal.addEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    if (this.#observed) watcher(this.#observed);
    if (this.#end.signal.aborted || signal?.aborted) abort();
    try {
      return await promise;
    } finally {
      this.#watchers.delete(watcher);
      this.#end.signal.removeEventListener("abort", abort);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Rejects with the defect that ended the loop, if one does; never resolves before the end. */
  async failure(): Promise<never> {
    return await this.until<never>(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#retry);
    this.#end.abort(
      new Problem({ code: "engine-stopping", what: "the engine is stopping", why: "it was asked to", fix: "start it again: `douze up`" }),
    );
    await this.#observing;
    await this.#looking;
  }

  async #observe(): Promise<void> {
    try {
      for await (const observed of this.#options.driver.observe(this.#end.signal)) {
        this.#observed = observed;
        await this.#tolerated("record", () => this.#options.onObserved(observed));
        for (const watcher of this.#watchers) watcher(observed);
        this.look();
      }
    } catch (error) {
      if (!this.#end.signal.aborted) this.fail(error);
    }
  }

  async #run(): Promise<void> {
    // So that it never ends before it is known to run.
    await Promise.resolve();
    try {
      while (this.#again && !this.#end.signal.aborted) {
        this.#again = false;
        if (this.#observed && !this.#options.looksOnly) await this.#lookOnce(this.#observed);
      }
    } catch (error) {
      if (!this.#end.signal.aborted) this.fail(error);
    } finally {
      // In one step with the last question whether to look again: one that is asked for in between would be lost.
      this.#looking = undefined;
    }
  }

  async #lookOnce(observed: Observed): Promise<void> {
    const desired = this.#options.desired();
    const decision = deploy(desired, observed, this.#options.clock());
    const stuck = await this.#apply(decision, desired.candidate?.release);
    const verdict = stuck ?? decision.verdict;
    if (!verdict) return;
    // One that cannot be written down is found again, and written when it can be.
    if (!(await this.#tolerated("verdict", () => this.#options.onVerdict(verdict)))) return;
    for (const watcher of this.#watchers) watcher(observed);
    this.#again = true;
  }

  /** A step of the candidate that cannot be taken is its verdict; one of any other release is tried again later. */
  async #apply(decision: Decision, candidate: ReleaseVersion | undefined): Promise<Verdict | undefined> {
    for (const step of decision.steps) {
      try {
        await this.#options.driver.apply(step, this.#end.signal);
      } catch (thrown) {
        const error = machineProblem(thrown);
        if (!(error instanceof Problem)) throw error;
        const release = "release" in step ? step.release : undefined;
        const why = `${error.what}: ${error.why}`;
        if (release !== undefined && release === candidate) return { kind: "failed", release, step: "boot", why, process: "douze" };
        this.#retryLater(`${step.do}@${release ?? ""}`, why, error.fix);
      }
    }
    return undefined;
  }

  /** What cannot be written down now is tried again: the world has filled a disk, say, and what runs goes on. @returns whether it was done */
  async #tolerated(what: string, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (thrown) {
      const error = machineProblem(thrown);
      if (!(error instanceof Problem)) throw error;
      this.#retryLater(what, `${error.what}: ${error.why}`, error.fix);
      return false;
    }
  }

  #retryLater(step: string, why: string, fix: string): void {
    if (this.#noted.get(step) !== why) this.#options.driver.note(`${why} (${fix}); trying again every ${retryMs / 1000} s`);
    this.#noted.set(step, why);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.look(), retryMs);
  }

  /** Ends the loop for a defect. */
  fail(error: unknown): void {
    this.#fault = error;
    this.#end.abort(error);
  }
}

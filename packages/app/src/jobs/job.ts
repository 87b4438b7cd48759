/** What a job has at hand while it runs. */
export interface JobContext {
  /** Of the queue. */
  readonly id: string;
  /** 1 the first time. */
  readonly attempt: number;
  /**
   * Aborts when the process ends and its time is nearly up. A job that then rejects is handed back: another worker takes it at once, and it
   * does not count as an attempt.
   */
  readonly signal: AbortSignal;
}

export interface JobDeclaration<Payload> {
  /** How often it is tried before it is a dead letter. Default 25, which takes about three days. */
  readonly attempts?: number;
  /** Lower comes first. Default 0. */
  readonly priority?: number;
  /** One at a time of all that have the same: a name of a queue, or one for each payload. Default: as many as there are workers. */
  readonly queue?: string | ((payload: Payload) => string);
  /** Does the work. It is acknowledged when this resolves, so it may run more than once: see `idempotent`. */
  readonly run: (payload: Payload, context: JobContext) => Promise<void> | void;
}

/** Jobs by name. */
// biome-ignore lint/suspicious/noExplicitAny: each has a payload of its own, which `never` and `unknown` would both refuse
export type JobDeclarations = Readonly<Record<string, JobDeclaration<any>>>;

export type PayloadOf<D> = D extends JobDeclaration<infer Payload> ? Payload : never;

/** Declares a job with the type of its payload: `job<{ name: string }>({ run })`. */
export function job<Payload = Record<never, never>>(declared: JobDeclaration<Payload>): JobDeclaration<Payload> {
  return declared;
}

export interface AddOptions {
  /** Adds it within a transaction: it is there when that commits, and never was when it does not. */
  readonly in?: { query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }> };
  /** While a job with this key waits, another one replaces it: asked twice, it is done once. */
  readonly key?: string;
  /** Not before. */
  readonly at?: Date;
  readonly priority?: number;
  readonly attempts?: number;
}

/** A job that was tried as often as it may be. */
export interface DeadLetter {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly error: string;
  readonly at: Date;
}

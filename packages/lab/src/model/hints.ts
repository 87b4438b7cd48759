/** What a person has written under `check:` in the manifest. All of it is optional; what is not said is looked for. */
export interface CheckHints {
  /** Requests that an experiment may repeat. */
  readonly http: readonly HttpHint[];
  readonly roundtrip?: RoundtripHint;
  readonly jobs?: JobsHint;
  /** How long the app may take to be ready, in milliseconds. Default: what the check says. */
  readonly startupMs?: number;
  /** How long what was written through one process may take to be seen through another, in milliseconds. Default 2_000. */
  readonly consistencyMs?: number;
  /** Paths that may be written: `*` stands for any part of one. */
  readonly allowWrite: readonly string[];
}

export interface HttpHint {
  readonly path: string;
  /** It takes a good part of a second, at least. Default false. */
  readonly slow: boolean;
}

/** Something is written and read again. `$marker` stands for a text that the lab makes up. */
export interface RoundtripHint {
  readonly create: RequestHint;
  /** `$location` stands for where the answer led, `$id` for the `id` in its JSON. */
  readonly read: RequestHint;
}

export interface RequestHint {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface JobsHint {
  /** Puts a job into the queue. */
  readonly enqueue: RequestHint;
  /** Answers with how many were done, as the first number in its answer, or as `done` in its JSON. */
  readonly done: RequestHint;
}

export const noHints: CheckHints = { http: [], allowWrite: [] };

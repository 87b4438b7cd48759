/** What `douze check` is told of an app, so that it need not look for it. All of it may be left out. */
export interface CheckDeclaration {
  /** Requests that an experiment may repeat. */
  readonly http: readonly CheckedPage[];
  readonly roundtrip?: CheckedRoundtrip;
  readonly jobs?: CheckedJobs;
  /** How long the app may take to be ready, in milliseconds. Default 10_000. */
  readonly startupMs?: number;
  /** How long what was written through one process may take to be seen through another, in milliseconds. Default 2_000. */
  readonly consistencyMs?: number;
  /** Paths that may be written: `*` stands for any part of one. */
  readonly allowWrite: readonly string[];
}

export interface CheckedPage {
  readonly path: string;
  /** It takes a good part of a second, at least. Default false. */
  readonly slow: boolean;
}

/** Something is written and read again. `$marker` stands for a text that is made up. */
export interface CheckedRoundtrip {
  readonly create: CheckedRequest;
  /** `$location` stands for where the answer led, `$id` for the `id` in its JSON. */
  readonly read: CheckedRequest;
}

export interface CheckedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface CheckedJobs {
  /** Puts a job into the queue. */
  readonly enqueue: CheckedRequest;
  /** Answers with how many were done: as `done` in its JSON, or as the first number in its answer. */
  readonly done: CheckedRequest;
}

/** `POST /notes text=$marker`: a method, a path, and what a form would send. JSON goes as it is: `POST /notes {"text":"$marker"}`. */
export const checkedRequestPattern: RegExp = /^(GET|POST|PUT|PATCH|DELETE) (\/\S*|\$location)( \S.*)?$/;

/** Pure. For texts that fit the pattern. */
export function checkedRequest(text: string): CheckedRequest {
  const [, method = "GET", path = "/", rest] = checkedRequestPattern.exec(text) ?? [];
  const body = rest?.trim();
  if (body === undefined) return { method, path, headers: {} };
  return {
    method,
    path,
    headers: { "content-type": body.startsWith("{") || body.startsWith("[") ? "application/json" : "application/x-www-form-urlencoded" },
    body,
  };
}

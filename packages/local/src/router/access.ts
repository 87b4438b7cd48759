/** What became of one request. Times in milliseconds. */
export interface AccessRecord {
  readonly at: number;
  /** Absent when no app has the host. */
  readonly app?: string;
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly path: string;
  readonly host: string;
  readonly status: number;
  readonly requestId: string;
  readonly client: string;
  /** `web.1-v4-…`; absent when no process was reached. */
  readonly target?: string;
  readonly connectMs: number;
  readonly serviceMs: number;
  /** Of the response's body. */
  readonly bytes: number;
  readonly code?: string;
}

/** One line in the shape that tools for Heroku's router read. */
export function accessLine({
  method,
  path,
  host,
  status,
  requestId,
  client,
  target,
  connectMs,
  serviceMs,
  bytes,
  code,
}: AccessRecord): string {
  const level = code === undefined ? "info" : "error";
  const error = code === undefined ? "" : ` code=${code}`;
  // A target's name says more than the process: its release, and which start of it.
  const dyno = target?.replace(/-v\d+-[^-]*$/, "") ?? "";
  return `at=${level}${error} method=${method} path="${path.replaceAll('"', "%22")}" host=${host} request_id=${requestId} fwd="${client}" dyno=${dyno} connect=${Math.round(connectMs)}ms service=${Math.round(serviceMs)}ms status=${status} bytes=${bytes}`;
}

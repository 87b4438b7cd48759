import type { Request } from "./request.ts";

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** What had happened when the process closed the connection. */
export interface Attempt {
  /** The connection had carried a request before: the process may have closed it before it saw this one. */
  readonly reused: boolean;
  /** Something of an answer had come. */
  readonly answered: boolean;
  readonly bodySent: boolean;
}

/** Whether a request that got no answer may be sent again: only what does no harm when it is done twice. Pure. */
export function mayRepeat({ method, framing }: Request, { reused, answered, bodySent }: Attempt): boolean {
  return reused && !answered && !bodySent && framing.kind === "none" && idempotent.has(method);
}

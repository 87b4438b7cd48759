import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What every line of the log says that is written for a request. */
export interface RequestContext extends Readonly<Record<string, unknown>> {
  readonly request_id: string;
  /** The caller's trace, where it told one. */
  readonly trace_id?: string;
}

/** An id that a proxy gave is taken on; what looks like none, or like an attempt to write into the log, is not. */
export function requestContext({ headers }: IncomingMessage): RequestContext {
  const given = headers["x-request-id"];
  const request_id = typeof given === "string" && /^[A-Za-z0-9_.:=+/-]{1,200}$/.test(given) ? given : randomUUID();
  const trace_id = /^00-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/.exec(String(headers["traceparent"] ?? ""))?.[1];
  return trace_id === undefined ? { request_id } : { request_id, trace_id };
}

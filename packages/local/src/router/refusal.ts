/** Why a request is not passed on, or an answer not passed back. */
export interface Refusal {
  readonly status: number;
  /** In the field's words; also in the header `Douze-Error`. */
  readonly code:
    | "bad-request"
    | "uri-too-long"
    | "header-too-large"
    | "version-unsupported"
    | "method-unsupported"
    | "request-timeout"
    | "app-unknown"
    | "maintenance"
    | "no-process-ready"
    | "process-refused"
    | "response-timeout"
    | "response-invalid"
    | "process-gone";
  /** For people, without anything of the request. */
  readonly why: string;
}

export function badRequest(why: string): Refusal {
  return { status: 400, code: "bad-request", why };
}

export const noneReady: Refusal = { status: 503, code: "no-process-ready", why: "no process of the app is ready" };
export const allRefused: Refusal = { status: 503, code: "process-refused", why: "no process of the app accepted the request" };

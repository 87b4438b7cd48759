import type { Refusal } from "./refusal.ts";

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

export interface RefusalAnswer {
  readonly refusal: Refusal;
  readonly requestId: string;
  /** The request's `Accept`. */
  readonly accept: string;
  readonly close: boolean;
  readonly head: boolean;
}

/** A whole answer in place of one from a process: JSON, a page or a line, as the client likes it. */
export function refusalAnswer({ refusal: { status, code, why }, requestId, accept, close, head }: RefusalAnswer): string {
  const reason = reasons[status] ?? "Error";
  const [type, body] = /\bjson\b/.test(accept)
    ? ["application/problem+json", `${JSON.stringify({ type: "about:blank", title: reason, status, code, detail: why, requestId })}\n`]
    : accept.includes("text/html")
      ? ["text/html; charset=utf-8", page(status, code, why, requestId)]
      : ["text/plain; charset=utf-8", `${status} ${reason}: ${why} (${code}, request ${requestId})\n`];
  const retry = status === 503 ? `Retry-After: ${code === "maintenance" ? 60 : 2}\r\n` : "";
  const allow = status === 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" : "";
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nDouze-Error: ${code}\r\nX-Request-Id: ${requestId}\r\n${retry}${allow}Connection: ${close ? "close" : "keep-alive"}\r\n\r\n${head ? "" : body}`;
}

function page(status: number, code: string, why: string, requestId: string): string {
  const title =
    code === "maintenance" ? "Back in a moment" : status >= 500 ? "This does not work right now" : "This request cannot be served";
  const text =
    code === "maintenance"
      ? "The site is being worked on. Please try again soon."
      : status >= 500
        ? "Please try again in a moment."
        : `Why: ${why}.`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;display:grid;place-content:center;min-height:100vh;margin:0;padding:1rem;color:#1e293b;background:#f8fafc}p{max-width:32rem}small{color:#64748b}</style>
<main><h1>${title}</h1><p>${text}</p><p><small>${status} ${code} &middot; request ${requestId}</small></p></main></html>
`;
}

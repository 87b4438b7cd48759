import { HttpProblem } from "../api/http-problem.ts";
import type { Authenticator } from "./identity.ts";

export interface MutualTlsOptions {
  /** The header in which the platform's proxy tells the caller's certificate. Default `x-forwarded-client-cert`, as Envoy writes it. */
  readonly header?: string;
}

/**
 * Tells which workload asks, by the certificate that the platform's proxy has verified. Only where every request comes through that proxy,
 * and it writes the header anew: who can reach the app past it could say anything.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
 */
export function mutualTls({ header = "x-forwarded-client-cert" }: MutualTlsOptions = {}): Authenticator {
  return {
    async authenticate(request) {
      const subject = await Promise.resolve(callerOf(request.headers.get(header) ?? ""));
      if (subject === undefined) throw new HttpProblem(401, "Unauthorized", { detail: "no workload's certificate came with it" });
      return { subject, scopes: new Set(), roles: new Set(), claims: {} };
    },
  };
}

/** The `URI` of the last certificate: those before it are of proxies further away, which only say so. Pure. */
export function callerOf(text: string): string | undefined {
  const last = splitOutsideQuotes(text, ",").at(-1) ?? "";
  for (const pair of splitOutsideQuotes(last, ";")) {
    const at = pair.indexOf("=");
    if (pair.slice(0, at).trim().toLowerCase() === "uri") return unquoted(pair.slice(at + 1).trim()) || undefined;
  }
  return undefined;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const sign = text[index] ?? "";
    if (sign === "\\" && quoted) {
      part += sign + (text[++index] ?? "");
      continue;
    }
    if (sign === '"') quoted = !quoted;
    if (sign === separator && !quoted) {
      parts.push(part);
      part = "";
    } else part += sign;
  }
  return [...parts, part];
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text;
}

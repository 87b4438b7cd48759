import type { OperationId } from "./agreement.ts";
import { routes } from "./routes.gen.ts";

/** What a method and a path mean. */
export type Match =
  | { readonly kind: "operation"; readonly id: OperationId; readonly path: Readonly<Record<string, string>> }
  | { readonly kind: "document" }
  | { readonly kind: "method-unknown"; readonly allowed: readonly string[] }
  | { readonly kind: "path-unknown" };

/** Where the document itself is answered. */
export const documentPath = "/v1/openapi.json";

/** @param path - as it stands in the request, still percent-encoded, without its query */
export function match(method: string, path: string): Match {
  if (path === documentPath) return method === "GET" ? { kind: "document" } : { kind: "method-unknown", allowed: ["GET"] };
  const asked = path.split("/");
  const allowed: string[] = [];
  for (const [id, segments] of patterns) {
    const values = fit(segments, asked);
    if (!values) continue;
    if (routes[id].method === method) return { kind: "operation", id, path: values };
    allowed.push(routes[id].method);
  }
  return allowed.length > 0 ? { kind: "method-unknown", allowed } : { kind: "path-unknown" };
}

const patterns = (Object.keys(routes) as OperationId[]).map((id) => [id, routes[id].path.split("/")] as const);

function fit(pattern: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== asked.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const given = asked[index] ?? "";
    if (!segment.startsWith("{")) {
      if (segment !== given) return undefined;
      continue;
    }
    const value = decoded(given);
    if (!value) return undefined;
    values[segment.slice(1, -1)] = value;
  }
  return values;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // `%` without two digits after it: no path of ours
  }
}

import type { DocumentOperation } from "./document.ts";
import { HttpProblem } from "./http-problem.ts";

/**
 * A request's body in the form that its media type has: JSON, a form, text; of others the request itself has the bytes.
 *
 * @throws HttpProblem 400 - it is not what it says it is; 415 - the contract has no such type
 */
export async function readBody(request: Request, { requestBody }: DocumentOperation): Promise<unknown> {
  const types = Object.keys(requestBody?.content ?? {});
  if (types.length === 0) return undefined;
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const empty = request.body === null || request.headers.get("content-length") === "0";
  if (empty && type === "") return undefined;
  if (!types.some((each) => covers(each.toLowerCase(), type)))
    throw new HttpProblem(415, "Unsupported Media Type", { detail: `it takes ${types.join(", ")}` });
  if (type === "application/json" || type.endsWith("+json")) {
    const text = await request.text();
    if (text === "") return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new HttpProblem(400, "Bad Request", { detail: "the body is no JSON" });
    }
  }
  if (type === "application/x-www-form-urlencoded") return Object.fromEntries(new URLSearchParams(await request.text()));
  return type.startsWith("text/") ? await request.text() : undefined;
}

/** `text/*` covers `text/plain`. */
function covers(declared: string, type: string): boolean {
  if (declared === type || declared === "*/*") return true;
  return declared.endsWith("/*") && type.startsWith(declared.slice(0, -1));
}

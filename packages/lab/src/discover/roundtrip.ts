import type { CheckedRequest } from "@douze/core";
import type { RoundtripWay } from "../model/baseline.ts";
import type { Answer, Request } from "../sandbox/inside/orders.ts";
import { Cookies } from "./cookies.ts";
import { formsOf } from "./forms.ts";

type Ask = (request: Request) => Promise<Answer>;

/** What was written, and where it is to be read. */
export interface WrittenNote {
  readonly marker: string;
  readonly status: number;
  readonly read: CheckedRequest;
  readonly cookies: Cookies;
}

/** Writes a marker through a process. @returns why it could not, in words */
export async function writeNote(ask: Ask, port: number, way: RoundtripWay, marker: string): Promise<WrittenNote | string> {
  const cookies = new Cookies();
  if (way.kind === "hint") {
    const answer = await ask(requestOf(port, way.hint.create, { marker }));
    if (!answer.ok || answer.status >= 400) return `${way.hint.create.method} ${way.hint.create.path}: ${outcome(answer)}`;
    const id = idIn(answer.body);
    const location = pathOf(answer.headers["location"]?.[0], way.hint.create.path);
    const read = filled(way.hint.read, { marker, ...(id !== undefined && { id }), ...(location !== undefined && { location }) });
    return { marker, status: answer.status, read, cookies };
  }
  const page = await ask({ port, path: way.page });
  cookies.take(page);
  const [form] = page.ok ? formsOf(page.body) : [];
  if (!form) return `GET ${way.page}: ${page.ok ? "it has no form any more" : page.error}`;
  const action = pathOf(form.action || way.page, way.page) ?? way.page;
  const body = new URLSearchParams([
    ...form.fixed.map(([name, value]): [string, string] => [name, value]),
    ...form.texts.map((name): [string, string] => [name, marker]),
  ]).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: `http://127.0.0.1:${port}`, ...cookies.headers };
  const answer = await ask({ port, path: action, method: "POST", headers, body });
  if (!answer.ok || answer.status >= 400) return `POST ${action}: ${outcome(answer)}`;
  cookies.take(answer);
  const led = pathOf(answer.headers["location"]?.[0], action);
  for (const path of new Set([...(led === undefined ? [] : [led]), way.page])) {
    const read = { method: "GET", path, headers: {} };
    if (await isThere(ask, port, { marker, status: answer.status, read, cookies })) return { marker, status: answer.status, read, cookies };
  }
  return `POST ${action} answered ${answer.status}, and what was sent is on no page that it led to`;
}

/** Whether a marker can be read, through any process. */
export async function isThere(ask: Ask, port: number, { marker, read }: WrittenNote): Promise<boolean> {
  const answer = await ask(requestOf(port, read, { marker }));
  return answer.ok && answer.status < 400 && answer.body.includes(marker);
}

function requestOf(port: number, hint: CheckedRequest, values: Readonly<Record<string, string>>): Request {
  const { method, path, headers, body } = filled(hint, values);
  return { port, method, path, headers, ...(body !== undefined && { body }) };
}

function filled(hint: CheckedRequest, values: Readonly<Record<string, string>>): CheckedRequest {
  const fill = (text: string): string => text.replace(/\$(marker|id|location)\b/g, (whole, name: string) => values[name] ?? whole);
  return { ...hint, path: fill(hint.path), ...(hint.body !== undefined && { body: fill(hint.body) }) };
}

/** Of this app alone: what leads elsewhere is nothing. */
function pathOf(location: string | undefined, base: string): string | undefined {
  if (location === undefined) return undefined;
  try {
    const url = new URL(location, `http://127.0.0.1${base}`);
    return url.pathname + url.search;
  } catch {
    return undefined;
  }
}

function idIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
    return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
  } catch {
    return undefined;
  }
}

function outcome(answer: Answer): string {
  return answer.ok ? `status ${answer.status}` : answer.error;
}

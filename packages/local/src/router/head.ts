import type { Limits } from "./limits.ts";
import { badRequest, type Refusal } from "./refusal.ts";

/** The first lines of a message: what they say, nothing decided yet. */
export interface Head {
  /** `GET / HTTP/1.1`, or `HTTP/1.1 200 OK`. */
  readonly start: string;
  /** Names as they were sent, and values without the white space around them, in turn. */
  readonly fields: readonly string[];
  /** With the empty line that ends it. */
  readonly bytes: number;
}

const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The fields that were read last on a connection, and their text: what is said again is the same again, and known to be sound. */
export class LastFields {
  text = "";
  fields: readonly string[] = [];
}

/**
 * Reads a head from the beginning of what has arrived. Strict: what two readers could understand differently is refused.
 *
 * @param last - of the same connection
 * @returns nothing while its end has not arrived
 */
export function readHead(buffer: Buffer, limits: Limits, last: LastFields = new LastFields()): Head | Refusal | undefined {
  const from = leadingLineEnds(buffer);
  const end = buffer.indexOf("\r\n\r\n", from, "latin1");
  if (end < 0) return unfinished(buffer, from, limits);
  if (end - from > limits.headBytes) return tooLarge();
  const text = buffer.toString("latin1", from, end);
  const cut = text.indexOf("\r\n");
  const start = cut < 0 ? text : text.slice(0, cut);
  const rest = cut < 0 ? "" : text.slice(cut + 2);
  const known = rest === last.text;
  if (controls.test(known ? start : text)) return badRequest("its head holds a control character");
  if (start.length > limits.lineBytes)
    return { status: 414, code: "uri-too-long", why: `its first line is longer than ${limits.lineBytes} bytes` };
  const fields = known ? last.fields : readFields(rest, limits);
  if ("code" in fields) return fields;
  // Line ends of other kinds are left in it by the cut.
  if (/[\r\n]/.test(start)) return badRequest("a line of its head ends in CR or LF alone");
  last.text = rest;
  last.fields = fields;
  return { start, fields, bytes: end + 4 };
}

function readFields(text: string, limits: Limits): readonly string[] | Refusal {
  const lines = text === "" ? [] : text.split("\r\n");
  if (lines.length > limits.headerCount)
    return { status: 431, code: "header-too-large", why: `it has more than ${limits.headerCount} headers` };
  const fields: string[] = [];
  for (const line of lines) {
    const flaw = readField(line, fields, limits);
    if (flaw) return flaw;
  }
  return fields;
}

function readField(line: string, fields: string[], limits: Limits): Refusal | undefined {
  if (line.length > limits.lineBytes)
    return { status: 431, code: "header-too-large", why: `a header is longer than ${limits.lineBytes} bytes` };
  if (line.includes("\n") || line.includes("\r")) return badRequest("a line of its head ends in CR or LF alone");
  const first = line.charCodeAt(0);
  if (first === 32 || first === 9) return badRequest("a header goes on in the next line");
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !token.test(name)) return badRequest("a header's name is not one");
  fields.push(name, line.slice(colon + 1).trim());
  return undefined;
}

/** A client may send an empty line before a request; more than one is no client. */
function leadingLineEnds(buffer: Buffer): number {
  return buffer.length >= 2 && buffer[0] === 13 && buffer[1] === 10 ? 2 : 0;
}

function unfinished(buffer: Buffer, from: number, limits: Limits): Refusal | undefined {
  const line = buffer.indexOf(10, from);
  if (line < 0 && buffer.length - from > limits.lineBytes)
    return { status: 414, code: "uri-too-long", why: `its first line is longer than ${limits.lineBytes} bytes` };
  if (line > from && buffer[line - 1] !== 13) return badRequest("a line of its head ends in CR or LF alone");
  return buffer.length - from > limits.headBytes ? tooLarge() : undefined;
}

function tooLarge(): Refusal {
  return { status: 431, code: "header-too-large", why: "its head is too large" };
}

export function isRefusal(value: object): value is Refusal {
  return "code" in value;
}

import { type Framing, responseFraming } from "./framing.ts";
import type { Head } from "./head.ts";
import { hopNames, type Request } from "./request.ts";

/** The head of an answer, understood. */
export interface Response {
  readonly status: number;
  readonly reason: string;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly said: ResponseFields;
}

/** What an answer's fields say of its framing and its way. */
export interface ResponseFields {
  /** Names as they were sent, and values, in turn. */
  readonly fields: readonly string[];
  readonly lengths: readonly string[];
  readonly codings: readonly string[];
  readonly hop: ReadonlySet<string>;
}

/** Understands a process's answer, or says what is wrong with it. Pure. */
export function readResponse({ start, fields }: Head, method: string, said: ResponseFields = responseFields(fields)): Response | string {
  const [, minor, code, reason = ""] = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(start) ?? [];
  if (code === undefined) return "its first line is no status line";
  const status = Number(code);
  const framing = responseFraming(said, status, method);
  if (typeof framing === "string") return framing;
  const keepAlive = minor === "1" ? !said.hop.has("close") : said.hop.has("keep-alive");
  return { status, reason, framing, keepAlive, said };
}

/** Pure: of equal fields the same. */
export function responseFields(fields: readonly string[]): ResponseFields {
  const lengths: string[] = [];
  const codings: string[] = [];
  let connection = "";
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1] ?? "";
    const lower = fields[index]?.toLowerCase();
    if (lower === "content-length") lengths.push(value);
    else if (lower === "transfer-encoding") codings.push(value);
    else if (lower === "connection") connection += connection === "" ? value : `,${value}`;
  }
  // One length said twice is one length: some frameworks do it.
  return { fields, lengths: [...new Set(lengths)], codings, hop: hopNames(connection) };
}

/** A head as it came, for answers that are passed on untouched. */
export function headText({ status, reason, said: { fields } }: Response): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Whether a client's connection can carry another request after an answer that is framed so. */
export function outlives({ keepAlive, minor }: Request, { kind }: Framing, requestDone: boolean): boolean {
  return keepAlive && requestDone && (kind === "length" || kind === "none" || (kind === "chunked" && minor === 1));
}

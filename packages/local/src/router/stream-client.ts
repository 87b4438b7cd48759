import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import { BodyReader } from "./body.ts";
import { isRefusal, readHead } from "./head.ts";
import type { Limits } from "./limits.ts";
import { readResponse } from "./response.ts";

/** HTTP/2's code, as of RFC 9113, section 7. */
const internalError = 0x2;
/** What HTTP/2 has no use for: framing and connections are its own matter. */
const ofConnection = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "trailer"]);
/** Those that come more than once in an answer. */
const repeated = new Set(["set-cookie", "link", "vary", "www-authenticate", "proxy-authenticate", "via", "warning"]);

/**
 * One request of HTTP/2, seen as a client of HTTP/1.1 that sends it and hears its answer: so that there is one way through the router,
 * with the same bounds and the same counting, whatever a client speaks. Trailers of an answer are left out.
 */
export class StreamClient extends Duplex {
  readonly #stream: ServerHttp2Stream;
  readonly #limits: Limits;
  readonly #method: string;
  readonly #chunked: boolean;
  #heard: Buffer | undefined;
  #body: BodyReader | undefined;
  #over = false;

  constructor(stream: ServerHttp2Stream, headers: readonly string[], ended: boolean, limits: Limits) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#stream = stream;
    this.#limits = limits;
    const { text, method, chunked } = requestText(headers, ended);
    this.#method = method;
    this.#chunked = chunked;
    this.push(Buffer.from(text, "latin1"));
    stream.on("data", (piece: Buffer) => this.#send(piece));
    stream.on("trailers", () => undefined);
    stream.on("end", () => {
      if (this.#chunked) this.push("0\r\n\r\n", "latin1");
      this.push(null);
    });
    stream.on("drain", () => this.emit("stream-drain"));
    stream.on("error", () => undefined);
    stream.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (this.#stream.destroyed || this.#over) return done();
    try {
      if (this.#hear(piece)) done();
      else this.once("stream-drain", () => done());
    } catch (error) {
      // An answer that HTTP/2 does not allow, such as one with two lengths.
      this.#stream.close(internalError);
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _final(done: (error?: Error) => void): void {
    if (!this.#stream.destroyed && this.#stream.writable) {
      if (this.#stream.headersSent) this.#stream.end();
      else this.#stream.close(internalError);
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // In the middle of an answer: all that can be told is that it is not whole.
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.close(internalError);
    this.emit("stream-drain");
    done(error);
  }

  #send(piece: Buffer): void {
    const more = this.#chunked
      ? this.push(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]))
      : this.push(piece);
    if (!more) this.#stream.pause();
  }

  /** @returns whether more can be taken at once */
  #hear(piece: Buffer): boolean {
    if (this.#body) return this.#pass(piece, this.#body);
    const heard = this.#heard ? Buffer.concat([this.#heard, piece]) : piece;
    const head = readHead(heard, this.#limits);
    if (!head) {
      this.#heard = heard;
      return true;
    }
    this.#heard = undefined;
    const response = isRefusal(head) ? head.why : readResponse(head, this.#method);
    if (isRefusal(head) || typeof response === "string") throw new Error(String(response));
    const rest = heard.subarray(head.bytes);
    if (response.status < 200) {
      if (response.status !== 101) this.#stream.additionalHeaders({ ...headersOf(response.said.fields), ":status": response.status });
      return rest.length === 0 || this.#hear(rest);
    }
    const { framing } = response;
    const empty = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
    this.#stream.respond({ ...headersOf(response.said.fields), ":status": response.status }, { endStream: empty });
    this.#body = new BodyReader(framing);
    this.#over = empty;
    return rest.length === 0 || this.#pass(rest, this.#body);
  }

  #pass(piece: Buffer, body: BodyReader): boolean {
    let free = true;
    const { done } = body.take(piece, (data) => {
      if (data.length > 0) free = this.#stream.write(data) && free;
    });
    if (done && !this.#over) {
      this.#over = true;
      this.#stream.end();
      return true;
    }
    return free;
  }
}

/** A request's head as HTTP/1.1 has it. */
function requestText(
  headers: readonly string[],
  ended: boolean,
): { readonly text: string; readonly method: string; readonly chunked: boolean } {
  const pseudo: IncomingHttpHeaders = {};
  const hosts: string[] = [];
  const cookies: string[] = [];
  let lines = "";
  let sized = false;
  for (let index = 0; index < headers.length; index += 2) {
    const [name = "", value = ""] = [headers[index], headers[index + 1]];
    if (name.startsWith(":")) pseudo[name] = value;
    else if (name === "host") hosts.push(value);
    else if (name === "cookie") cookies.push(value);
    else if (!ofConnection.has(name)) {
      sized ||= name === "content-length";
      lines += `${name}: ${value}\r\n`;
    }
  }
  const method = String(pseudo[":method"] ?? "");
  const authority = pseudo[":authority"] as string | undefined;
  // Both where they differ: such a request is refused, as one of HTTP/1.1 is.
  const named = new Set([...(authority === undefined ? [] : [authority]), ...hosts]);
  const chunked = !ended && !sized;
  const host = [...named].map((each) => `host: ${each}\r\n`).join("");
  const cookie = cookies.length === 0 ? "" : `cookie: ${cookies.join("; ")}\r\n`;
  const framing = chunked ? "transfer-encoding: chunked\r\n" : "";
  return { text: `${method} ${pseudo[":path"] ?? "*"} HTTP/1.1\r\n${host}${lines}${cookie}${framing}\r\n`, method, chunked };
}

function headersOf(fields: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < fields.length; index += 2) {
    const [name = "", value = ""] = [fields[index]?.toLowerCase(), fields[index + 1]];
    if (ofConnection.has(name)) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = repeated.has(name) ? [value] : value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = name === "content-length" ? before : `${before}, ${value}`;
  }
  return headers;
}

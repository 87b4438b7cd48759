import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AccessRecord } from "./access.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { isRefusal } from "./head.ts";
import { type OwnAnswer, ownAnswer, ownAnswerText } from "./own-answer.ts";
import { badRequest, type Refusal } from "./refusal.ts";
import { refusalAnswer } from "./refusal-page.ts";
import type { Request } from "./request.ts";
import { RequestReader } from "./request-reader.ts";
import type { Peer } from "./rewrite.ts";
import type { Target } from "./routes.ts";
import type { Switchboard } from "./switchboard.ts";
import { Tunnel } from "./tunnel.ts";

export interface ConnectionHost {
  onAccess: ((record: AccessRecord) => void) | undefined;
  /** The client's end; what was left of it is over. */
  closed(connection: ClientConnection): void;
}

/** Pipelined requests may wait up to here, in bytes; then the client is not read. */
const mostWaiting = 256 * 1024;
/** What a client still sends after a refusal is read for so long before the connection is cut, in milliseconds. */
const lingerMs = 1_000;

/** One client: its requests in turn, each on its way to a process and back. */
export class ClientConnection implements ExchangeHost {
  readonly client: Duplex;
  readonly #board: Switchboard;
  readonly #host: ConnectionHost;
  readonly #peer: Peer;
  readonly #reader: RequestReader;
  #waiting: Buffer | undefined;
  #exchange: Exchange | undefined;
  #request: Request | undefined;
  #app: string | undefined;
  #tunnel: Tunnel | undefined;
  #phase: "idle" | "head" | "exchange" | "tunnel" | "leaving" = "idle";
  #since = Date.now();
  #ended = false;
  #reading = false;

  constructor(client: Duplex, peer: Peer, board: Switchboard, host: ConnectionHost) {
    this.client = client;
    this.#peer = peer;
    this.#reader = new RequestReader(board.limits, peer);
    this.#board = board;
    this.#host = host;
    client.on("data", this.#onData);
    client.on("end", this.#onEnd);
    client.on("drain", this.#onDrain);
    client.on("error", () => undefined);
    client.on("close", () => {
      this.#exchange?.abandon();
      this.#record(499);
      this.#host.closed(this);
    });
  }

  get secure(): boolean {
    return this.#peer.protocol === "https";
  }

  get tunnel(): Tunnel | undefined {
    return this.#tunnel;
  }

  get idle(): boolean {
    return this.#phase === "idle";
  }

  check(now: number): void {
    const { idleMs, headMs, tunnelQuietMs } = this.#board.limits;
    switch (this.#phase) {
      case "idle":
        if (this.#board.closing || now - this.#since > idleMs) this.client.end();
        return;
      case "head":
        if (now - this.#since > headMs) this.#refuse({ status: 408, code: "request-timeout", why: "the request's head did not go on" });
        return;
      case "exchange":
        return this.#exchange?.check(now);
      case "tunnel":
        if (this.#tunnel && now - this.#tunnel.movedAt > tunnelQuietMs) this.#tunnel.close();
        return;
      case "leaving":
        if (now - this.#since > lingerMs) this.client.destroy();
        return;
    }
  }

  finished(keep: boolean): void {
    this.#record();
    this.#exchange = undefined;
    this.#request = undefined;
    this.client.resume();
    if (!keep) return this.#leave();
    this.#phase = "idle";
    this.#since = Date.now();
    if (this.#waiting) this.#read();
    this.#heedEnd();
  }

  refused(refusal: Refusal): void {
    this.#refuse(refusal);
  }

  bodyWanted(): void {
    if (this.#waiting) this.#read();
    this.#heedEnd();
    this.client.resume();
  }

  tunnelled(upstream: Socket, target: Target, over: () => void): void {
    this.#record();
    const webSocket = this.#request?.said.fields.some((value, index) => index % 2 === 1 && value.toLowerCase() === "websocket") ?? false;
    this.#exchange = undefined;
    this.#phase = "tunnel";
    const { client } = this;
    client.off("data", this.#onData).off("end", this.#onEnd).off("drain", this.#onDrain);
    if (this.#waiting) upstream.write(this.#waiting);
    this.#waiting = undefined;
    this.#tunnel = new Tunnel(client, upstream, target.name, webSocket, over);
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#phase === "leaving") return;
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, piece]) : piece;
    this.#read();
    if (this.#waiting && this.#waiting.length > mostWaiting) this.client.pause();
  };

  /** A half-closed client still wants its answer. */
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#heedEnd();
  };

  /** Of what is not whole by now, no more can come. */
  #heedEnd(): void {
    if (!this.#ended) return;
    if (this.#phase !== "exchange") this.client.end();
    else if (this.#exchange && !this.#exchange.requestDone && !this.#waiting) {
      this.#exchange.abandon();
      this.client.destroy();
    }
  }

  readonly #onDrain = (): void => {
    this.#exchange?.resume();
  };

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#waiting && this.#readOnce(this.#waiting));
    } finally {
      this.#reading = false;
    }
  }

  /** @returns whether there may be more to read */
  #readOnce(waiting: Buffer): boolean {
    if (this.#phase === "exchange") return this.#readBody(waiting);
    if (this.#phase === "idle") {
      this.#phase = "head";
      this.#since = Date.now();
    }
    if (this.#phase !== "head") return false;
    const read = this.#reader.read(waiting);
    if (!read) return false;
    if (isRefusal(read)) {
      this.#refuse(read);
      return false;
    }
    this.#waiting = read.bytes === waiting.length ? undefined : waiting.subarray(read.bytes);
    this.#begin(read.request);
    return true;
  }

  #readBody(waiting: Buffer): boolean {
    const exchange = this.#exchange;
    if (!exchange?.wantsBody) return false;
    const taken = exchange.push(waiting, Date.now());
    if (typeof taken === "string") {
      exchange.abandon();
      this.#refuse(badRequest(taken));
      return false;
    }
    this.#waiting = taken === waiting.length ? undefined : waiting.subarray(taken);
    return taken > 0 && !exchange.requestDone;
  }

  #begin(request: Request): void {
    this.#request = request;
    const route = this.#board.routes.find(request.host);
    this.#app = route?.app;
    if (!route) return this.#refuse({ status: 404, code: "app-unknown", why: "no app has this host name here" });
    const own = ownAnswer(request, route, this.#peer.protocol);
    if (own) return this.#answer(own);
    if (route.maintenance) return this.#refuse({ status: 503, code: "maintenance", why: "the app is in maintenance" });
    const now = Date.now();
    this.#phase = "exchange";
    this.#exchange = new Exchange(this.#board, this, request, route, this.#reader.reword(request, now), now);
    this.#exchange.begin();
  }

  #answer(answer: OwnAnswer): void {
    const keep = this.#mayKeep();
    this.client.write(ownAnswerText(answer, !keep, this.#request?.method === "HEAD"));
    this.#record(answer.status);
    this.#end(keep);
  }

  /** Whether another request may follow one that no process gets: its body, if it has one, is not read. */
  #mayKeep(): boolean {
    const request = this.#request;
    return request?.keepAlive === true && request.framing.kind === "none" && this.#board.keeps;
  }

  #refuse(refusal: Refusal): void {
    const request = this.#request;
    // What follows a malformed request is nobody's.
    const keep = refusal.status !== 400 && this.#mayKeep();
    const requestId = this.#exchange?.requestId ?? randomUUID();
    const accept = headerOf(request, "accept");
    this.client.write(refusalAnswer({ refusal, requestId, accept, close: !keep, head: request?.method === "HEAD" }));
    this.#record(refusal.status, refusal.code, requestId);
    this.#end(keep);
  }

  #end(keep: boolean): void {
    this.#exchange = undefined;
    this.#request = undefined;
    if (!keep) return this.#leave();
    this.#phase = "idle";
    this.#since = Date.now();
    if (this.#waiting) this.#read();
    this.#heedEnd();
  }

  /** Ends our side and reads on for a moment: a close with unread bytes would reset what was just sent. */
  #leave(): void {
    this.#phase = "leaving";
    this.#since = Date.now();
    this.#waiting = undefined;
    this.client.resume();
    this.client.end();
  }

  #record(status?: number, code?: string, requestId?: string): void {
    const request = this.#request;
    const exchange = this.#exchange;
    if (!this.#host.onAccess || !request || (!exchange && status === 499)) return;
    const now = Date.now();
    const startedAt = exchange?.startedAt ?? now;
    this.#host.onAccess({
      at: startedAt,
      method: request.method,
      path: request.target.split("?", 1)[0] ?? request.target,
      host: request.host,
      status: status ?? exchange?.status ?? 0,
      requestId: requestId ?? exchange?.requestId ?? "",
      client: this.#peer.address,
      connectMs: exchange?.connectMs ?? 0,
      serviceMs: now - startedAt,
      bytes: exchange?.bytes ?? 0,
      ...(this.#app !== undefined && { app: this.#app }),
      ...(exchange?.target && { target: exchange.target.name }),
      ...(code !== undefined && { code }),
      ...(status === 499 && { code: "client-gone" }),
    });
    if (status === 499) this.#request = undefined;
  }
}

function headerOf(request: Request | undefined, name: string): string {
  const fields = request?.said.fields ?? [];
  for (let index = 0; index < fields.length; index += 2) if (fields[index]?.toLowerCase() === name) return fields[index + 1] ?? "";
  return "";
}

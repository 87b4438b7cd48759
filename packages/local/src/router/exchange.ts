import type { Socket } from "node:net";
import { BodyReader } from "./body.ts";
import { isRefusal, readHead } from "./head.ts";
import type { Upstream } from "./pool.ts";
import type { Refusal } from "./refusal.ts";
import type { Request } from "./request.ts";
import { type Response, readResponse } from "./response.ts";
import { downstreamHead, type Rewritten } from "./rewrite.ts";
import type { AppRoute, Target } from "./routes.ts";
import type { Switchboard } from "./switchboard.ts";

/** What an exchange tells the connection it belongs to. */
export interface ExchangeHost {
  readonly client: Socket;
  /** The answer is complete; with `keep` the connection may carry another request. */
  finished(keep: boolean): void;
  /** Nothing of an answer was sent yet: one in its place may be. */
  refused(refusal: Refusal): void;
  /** The process can take the request's body now. */
  bodyWanted(): void;
  /** The connection belongs to the two ends from now on; `over` is to be called at its end. */
  tunnelled(upstream: Socket, target: Target, over: () => void): void;
}

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** One request on its way to a process and back. */
export class Exchange {
  readonly #board: Switchboard;
  readonly #host: ExchangeHost;
  readonly #request: Request;
  readonly #route: AppRoute;
  readonly #head: Rewritten;
  readonly #body: BodyReader;
  readonly #tried = new Set<string>();
  #target: Target | undefined;
  #claimed: string | undefined;
  #upstream: Upstream | undefined;
  #response: Response | undefined;
  #answer: BodyReader | undefined;
  #received: Buffer | undefined;
  #phase: "connecting" | "waiting" | "answering" | "over" = "connecting";
  #bodySent = false;
  #connectedAt = 0;
  /** When something last moved, for the time-outs. */
  movedAt: number;
  readonly startedAt: number;
  status = 0;
  bytes = 0;
  connectMs = 0;

  constructor(board: Switchboard, host: ExchangeHost, request: Request, route: AppRoute, head: Rewritten, now: number) {
    this.#board = board;
    this.#host = host;
    this.#request = request;
    this.#route = route;
    this.#head = head;
    this.#body = new BodyReader(request.framing);
    this.startedAt = now;
    this.movedAt = now;
  }

  get target(): Target | undefined {
    return this.#target;
  }

  get requestId(): string {
    return this.#head.requestId;
  }

  /** Whether the client's bytes can be taken now: not before the process is reached, so that another can be tried. */
  get wantsBody(): boolean {
    return this.#phase !== "connecting" && this.#phase !== "over" && !this.#body.done;
  }

  get requestDone(): boolean {
    return this.#body.done;
  }

  /** Picks a process and claims it in the same turn. */
  begin(): void {
    const route = this.#board.routes.of(this.#route.app);
    const target = route && !route.maintenance ? this.#board.pick(route.targets, this.#tried) : undefined;
    if (!target) {
      const refusal: Refusal =
        this.#tried.size > 0
          ? { status: 503, code: "process-refused", why: "no process of the app accepted the request" }
          : { status: 503, code: "no-process-ready", why: "no process of the app is ready" };
      return this.#give(refusal);
    }
    this.#target = target;
    this.#tried.add(target.name);
    this.#board.inFlight.claim(target.name);
    this.#claimed = target.name;
    this.#connect(this.#board.pool.take(target.port));
  }

  /** @returns how many bytes belong to this request's body, or what is wrong with them */
  push(piece: Buffer, now: number): number | string {
    this.movedAt = now;
    const { taken, flaw } = this.#body.take(piece);
    if (flaw !== undefined) return flaw;
    const upstream = this.#upstream?.socket;
    if (taken > 0 && upstream) {
      this.#bodySent = true;
      if (!upstream.write(taken === piece.length ? piece : piece.subarray(0, taken))) this.#host.client.pause();
    }
    return taken;
  }

  /** Time passes: gives up what takes too long. */
  check(now: number): void {
    const { connectMs, firstByteMs, quietMs } = this.#board.limits;
    if (this.#phase === "connecting" && now - this.#connectedAt > connectMs) this.#unreachable();
    else if (this.#phase === "waiting" && this.#body.done && now - this.movedAt > firstByteMs) {
      this.#give({ status: 504, code: "response-timeout", why: `the app sent no answer within ${firstByteMs / 1000} s` });
    } else if (this.#phase === "waiting" && !this.#body.done && now - this.movedAt > quietMs) {
      this.#give({ status: 408, code: "request-timeout", why: "the request's body did not go on" });
    } else if (this.#phase === "answering" && now - this.movedAt > quietMs) this.#cut();
  }

  /** The client is gone, or its body is malformed. */
  abandon(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#upstream?.socket.destroy();
    this.#release();
  }

  resume(): void {
    this.#upstream?.socket.resume();
  }

  #connect(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#connectedAt = Date.now();
    this.#phase = "connecting";
    const { socket } = upstream;
    socket.on("data", this.#onData).on("close", this.#onClose).on("drain", this.#onDrain).on("end", this.#onEnd);
    if (upstream.connected) this.#send();
    else socket.once("connect", this.#onConnect);
  }

  readonly #onConnect = (): void => {
    this.connectMs = Date.now() - this.#connectedAt;
    this.#send();
  };

  #send(): void {
    this.#phase = "waiting";
    this.#upstream?.socket.write(this.#head.text, "latin1");
    this.movedAt = Date.now();
    // The body may have arrived in part already; the connection hands it over now.
    this.#host.bodyWanted();
  }

  readonly #onDrain = (): void => {
    this.#host.client.resume();
  };

  readonly #onData = (piece: Buffer): void => {
    this.movedAt = Date.now();
    if (this.#phase === "answering") this.#pass(piece);
    else if (this.#phase === "waiting") this.#readAnswer(this.#received ? Buffer.concat([this.#received, piece]) : piece);
    else this.#upstream?.socket.destroy();
  };

  #readAnswer(buffer: Buffer): void {
    const head = readHead(buffer, this.#board.limits);
    if (!head) {
      this.#received = buffer;
      return;
    }
    this.#received = undefined;
    const response = isRefusal(head) ? head.why : readResponse(head, this.#request.method);
    if (isRefusal(head) || typeof response === "string")
      return this.#give({ status: 502, code: "response-invalid", why: `the app's answer is not HTTP: ${response as string}` });
    const rest = buffer.subarray(head.bytes);
    if (response.status === 101) return this.#upgrade(response, rest);
    if (response.status < 200) return this.#interim(response, rest);
    this.#answering(response);
    if (rest.length > 0 || this.#answer?.done) this.#pass(rest);
  }

  #interim(response: Response, rest: Buffer): void {
    // HTTP/1.0 knows no interim answers, and nobody asked for this one.
    if (this.#request.minor === 1 && (response.status !== 100 || this.#request.expectsContinue)) {
      let text = `HTTP/1.1 ${response.status} ${response.reason}\r\n`;
      for (let index = 0; index < response.fields.length; index += 2)
        text += `${response.fields[index]}: ${response.fields[index + 1]}\r\n`;
      this.#host.client.write(`${text}\r\n`, "latin1");
    }
    if (rest.length > 0) this.#readAnswer(rest);
  }

  #upgrade(response: Response, rest: Buffer): void {
    if (!this.#request.upgrade)
      return this.#give({ status: 502, code: "response-invalid", why: "the app upgraded a connection that nobody asked to upgrade" });
    this.status = 101;
    const socket = this.#detach();
    let text = `HTTP/1.1 101 ${response.reason}\r\n`;
    for (let index = 0; index < response.fields.length; index += 2) text += `${response.fields[index]}: ${response.fields[index + 1]}\r\n`;
    this.#host.client.write(`${text}\r\n`, "latin1");
    if (rest.length > 0) this.#host.client.write(rest);
    this.#phase = "over";
    if (socket && this.#target) this.#host.tunnelled(socket, this.#target, () => this.#release());
    else this.#release();
  }

  #answering(response: Response): void {
    this.#phase = "answering";
    this.#response = response;
    this.#answer = new BodyReader(response.framing);
    this.status = response.status;
    const old = this.#request.minor === 0;
    const { kind } = response.framing;
    const chunked = kind === "chunked" && !old;
    const close = !this.#keeps(response);
    this.#host.client.write(downstreamHead({ ...response, chunked, close, requestId: this.#head.requestId }), "latin1");
  }

  /** Whether the client's connection outlives this answer. */
  #keeps({ framing: { kind } }: Response): boolean {
    const told = kind === "length" || kind === "none" || (kind === "chunked" && this.#request.minor === 1);
    return this.#request.keepAlive && told && this.#body.done && !this.#board.closing;
  }

  #pass(piece: Buffer): void {
    const { client } = this.#host;
    const answer = this.#answer;
    const response = this.#response;
    if (!answer || !response) return;
    const unwrapped = response.framing.kind === "chunked" && this.#request.minor === 0;
    let free = true;
    const { taken, done, flaw } = answer.take(
      piece,
      unwrapped
        ? (data) => {
            free = client.write(data) && free;
          }
        : undefined,
    );
    this.bytes = answer.bytes;
    if (flaw !== undefined) return this.#cut();
    if (!unwrapped && taken > 0) free = client.write(taken === piece.length ? piece : piece.subarray(0, taken));
    if (done) return this.#complete(response, taken === piece.length);
    if (!free) this.#upstream?.socket.pause();
  }

  #complete(response: Response, clean: boolean): void {
    const keep = this.#keeps(response);
    const upstream = this.#upstream;
    const socket = this.#detach();
    this.#phase = "over";
    // A process that answers before it has read the whole request cannot be sent another on that connection.
    if (upstream && clean && response.keepAlive && this.#body.done && response.framing.kind !== "until-close")
      this.#board.pool.give(upstream);
    else socket?.destroy();
    this.#release();
    this.#host.finished(keep);
  }

  readonly #onEnd = (): void => {
    if (this.#phase === "answering" && this.#response?.framing.kind === "until-close") this.#complete(this.#response, false);
  };

  readonly #onClose = (): void => {
    switch (this.#phase) {
      case "connecting":
        return this.#unreachable();
      case "waiting":
        return this.#lost();
      case "answering":
        if (this.#response?.framing.kind === "until-close") return this.#complete(this.#response, false);
        return this.#cut();
      case "over":
        return;
    }
  };

  /** Nothing was sent: another process may take it. */
  #unreachable(): void {
    this.#detach()?.destroy();
    this.#release();
    this.begin();
  }

  /** The process closed before it answered. Only what does no harm when it is done twice is sent again. */
  #lost(): void {
    const again =
      this.#upstream?.reused === true &&
      this.#received === undefined &&
      !this.#bodySent &&
      this.#request.framing.kind === "none" &&
      idempotent.has(this.#request.method);
    this.#detach();
    if (again) {
      this.#release();
      this.#tried.clear();
      return this.begin();
    }
    this.#give({ status: 502, code: "process-gone", why: "the process that got the request closed the connection without an answer" });
  }

  /** In the middle of an answer: all that can be told the client is that it is not whole. */
  #cut(): void {
    this.#detach()?.destroy();
    this.#phase = "over";
    this.#release();
    this.#host.finished(false);
    this.#host.client.destroy();
  }

  #give(refusal: Refusal): void {
    this.#detach()?.destroy();
    this.#phase = "over";
    this.#release();
    this.#host.refused(refusal);
  }

  #detach(): Socket | undefined {
    const socket = this.#upstream?.socket;
    this.#upstream = undefined;
    socket
      ?.off("data", this.#onData)
      .off("close", this.#onClose)
      .off("drain", this.#onDrain)
      .off("end", this.#onEnd)
      .off("connect", this.#onConnect);
    return socket;
  }

  #release(): void {
    if (this.#claimed !== undefined) this.#board.inFlight.release(this.#claimed);
    this.#claimed = undefined;
  }
}

import type { Socket } from "node:net";
import { BodyReader } from "./body.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { writeHeaded } from "./headed-write.ts";
import { overdue } from "./overdue.ts";
import type { Upstream, UpstreamUser } from "./pool.ts";
import { allRefused, noneReady, type Refusal } from "./refusal.ts";
import { mayRepeat } from "./repeat.ts";
import type { Request } from "./request.ts";
import { headText, outlives, type Response } from "./response.ts";
import type { ResponseReader } from "./response-reader.ts";
import type { Rewritten } from "./rewrite.ts";
import type { AppRoute, Target } from "./routes.ts";
import type { Switchboard } from "./switchboard.ts";

/** One request on its way to a process and back. */
export class Exchange implements UpstreamUser {
  readonly #board: Switchboard;
  readonly #host: ExchangeHost;
  readonly #request: Request;
  readonly #route: AppRoute;
  readonly #head: Rewritten;
  readonly #body: BodyReader;
  #tried: ReadonlySet<string> | undefined;
  #target: Target | undefined;
  #claimed: string | undefined;
  #upstream: Upstream | undefined;
  #response: Response | undefined;
  #answer: BodyReader | undefined;
  #received: Buffer | undefined;
  /** The answer's head, until its first part is there to go with it. */
  #unsent: string | undefined;
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
    if (!target) return this.#give(this.#tried ? allRefused : noneReady);
    this.#target = target;
    this.#board.inFlight.claim(target.name);
    this.#claimed = target.name;
    this.#connect(this.#board.pool.take(target.port));
  }

  /** @returns how many bytes belong to this request's body, or what is wrong with them */
  push(piece: Buffer, now: number): number | string {
    this.movedAt = now;
    const { taken, flaw, sound } = this.#body.take(piece);
    if (flaw !== undefined) return flaw;
    const upstream = this.#upstream?.socket;
    if (sound.length > 0 && upstream) {
      this.#bodySent = true;
      if (!upstream.write(sound)) this.#host.client.pause();
    }
    return taken;
  }

  check(now: number): void {
    const since = this.#phase === "connecting" ? this.#connectedAt : this.movedAt;
    const late = this.#phase === "over" ? undefined : overdue(this.#phase, this.#body.done, now - since, this.#board.limits);
    if (late === "unreachable") this.#unreachable();
    else if (late === "cut") this.#cut();
    else if (late) this.#give(late);
  }

  /** The client is gone, or its body is malformed. */
  abandon(): void {
    if (this.#phase !== "over") this.#close();
  }

  resume(): void {
    this.#upstream?.socket.resume();
  }

  #connect(upstream: Upstream): void {
    this.#upstream = upstream;
    this.#connectedAt = Date.now();
    this.#phase = "connecting";
    upstream.user = this;
    if (upstream.connected) this.#send();
  }

  onConnect(): void {
    this.connectMs = Date.now() - this.#connectedAt;
    this.#send();
  }

  #send(): void {
    this.#phase = "waiting";
    this.#upstream?.socket.write(this.#head.text, "latin1");
    this.movedAt = Date.now();
    this.#host.bodyWanted();
  }

  onDrain(): void {
    this.#host.client.resume();
  }

  onData(piece: Buffer): void {
    this.movedAt = Date.now();
    if (this.#phase === "answering") this.#pass(piece);
    else if (this.#phase === "waiting") this.#readAnswer(this.#received ? Buffer.concat([this.#received, piece]) : piece);
    else this.#upstream?.socket.destroy();
  }

  #readAnswer(buffer: Buffer): void {
    const reader = this.#upstream?.reader;
    const read = reader?.read(buffer, this.#request.method, this.#board.limits);
    if (!reader || !read) {
      this.#received = Buffer.from(buffer);
      return;
    }
    this.#received = undefined;
    if (typeof read === "string")
      return this.#give({ status: 502, code: "response-invalid", why: `the app's answer is not HTTP: ${read}` });
    const { response, bytes } = read;
    const rest = buffer.subarray(bytes);
    if (response.status === 101) return this.#upgrade(response, rest);
    if (response.status < 200) return this.#interim(response, rest);
    this.#unsent = this.#answering(response, reader);
    this.#pass(rest);
  }

  #interim(response: Response, rest: Buffer): void {
    // HTTP/1.0 knows no interim answers, and nobody asked for this one.
    if (this.#request.minor === 1 && (response.status !== 100 || this.#request.said.expectsContinue)) {
      this.#host.client.write(headText(response), "latin1");
    }
    if (rest.length > 0) this.#readAnswer(rest);
  }

  #upgrade(response: Response, rest: Buffer): void {
    if (!this.#request.upgrade)
      return this.#give({ status: 502, code: "response-invalid", why: "the app upgraded a connection that nobody asked to upgrade" });
    this.status = 101;
    const socket = this.#detach();
    this.#host.client.write(headText(response), "latin1");
    if (rest.length > 0) this.#host.client.write(Buffer.from(rest));
    this.#phase = "over";
    if (socket && this.#target) this.#host.tunnelled(socket, this.#target, () => this.#release());
    else this.#release();
  }

  /** @returns the head that the client gets */
  #answering(response: Response, reader: ResponseReader): string {
    this.#phase = "answering";
    this.#response = response;
    this.#answer = new BodyReader(response.framing);
    this.status = response.status;
    const chunked = response.framing.kind === "chunked" && this.#request.minor === 1;
    const close = !this.#keeps(response);
    const hstsSeconds = this.#host.secure ? this.#route.hstsSeconds : undefined;
    const { status, reason, said } = response;
    return reader.reword({ status, reason, said, hstsSeconds, chunked, close, requestId: this.#head.requestId });
  }

  #write(piece: Buffer): boolean {
    const head = this.#unsent;
    this.#unsent = undefined;
    return head === undefined ? this.#host.client.write(Buffer.from(piece)) : writeHeaded(this.#host.client, head, piece);
  }

  #keeps({ framing }: Response): boolean {
    return outlives(this.#request, framing, this.#body.done) && this.#board.keeps;
  }

  #pass(piece: Buffer): void {
    const answer = this.#answer;
    const response = this.#response;
    if (!answer || !response) return;
    const unwrapped = response.framing.kind === "chunked" && this.#request.minor === 0;
    let free = true;
    const content = (data: Buffer): void => {
      free = this.#write(data) && free;
    };
    const { taken, done, flaw } = answer.take(piece, unwrapped ? content : undefined);
    this.bytes = answer.bytes;
    if (flaw !== undefined) return this.#cut();
    if (this.#unsent !== undefined || (!unwrapped && taken > 0)) free = this.#write(piece.subarray(0, unwrapped ? 0 : taken));
    if (done) return this.#complete(response, taken === piece.length);
    if (!free) this.#upstream?.socket.pause();
  }

  #complete(response: Response, clean: boolean): void {
    const keep = this.#keeps(response);
    const upstream = this.#upstream;
    this.#phase = "over";
    this.#upstream = undefined;
    // A process that answers before it has read the whole request cannot be sent another on that connection.
    if (upstream && clean && response.keepAlive && this.#body.done && response.framing.kind !== "until-close")
      this.#board.pool.give(upstream);
    else upstream?.release().destroy();
    this.#release();
    this.#host.finished(keep);
  }

  onEnd(): void {
    if (this.#phase === "answering" && this.#response?.framing.kind === "until-close") this.#complete(this.#response, false);
  }

  onClose(): void {
    if (this.#phase === "connecting") this.#unreachable();
    else if (this.#phase === "waiting") this.#lost();
    else if (this.#phase === "answering") {
      if (this.#response?.framing.kind === "until-close") this.#complete(this.#response, false);
      else this.#cut();
    }
  }

  /** Nothing was sent: another process may take it. */
  #unreachable(): void {
    if (this.#target) this.#tried = new Set(this.#tried).add(this.#target.name);
    this.#detach()?.destroy();
    this.#release();
    this.begin();
  }

  /** The process closed before it answered. Only what does no harm when it is done twice is sent again. */
  #lost(): void {
    const again = mayRepeat(this.#request, {
      reused: this.#upstream?.reused === true,
      answered: this.#received !== undefined,
      bodySent: this.#bodySent,
    });
    this.#detach();
    if (again) {
      this.#release();
      this.#tried = undefined;
      return this.begin();
    }
    this.#give({ status: 502, code: "process-gone", why: "the process that got the request closed the connection without an answer" });
  }

  /** In the middle of an answer: all that can be told the client is that it is not whole. */
  #cut(): void {
    this.#close();
    this.#host.finished(false);
    this.#host.client.destroy();
  }

  #give(refusal: Refusal): void {
    this.#close();
    this.#host.refused(refusal);
  }

  #close(): void {
    this.#phase = "over";
    this.#detach()?.destroy();
    this.#release();
  }

  #detach(): Socket | undefined {
    const socket = this.#upstream?.release();
    this.#upstream = undefined;
    return socket;
  }

  #release(): void {
    if (this.#claimed !== undefined) this.#board.inFlight.release(this.#claimed);
    this.#claimed = undefined;
  }
}

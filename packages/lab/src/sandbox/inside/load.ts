import { Agent, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { instant } from "./clock.ts";
import type { LoadOptions, RequestRecord, Strike, StrikeOptions } from "./orders.ts";
import { socketRows } from "./sockets.ts";

interface Underway {
  readonly client: number;
  readonly path: string;
  readonly reused: boolean;
  readonly sentAt: number;
  readonly socket: Socket;
  readonly bytesBefore: number;
  atSignal?: "read" | "unread";
}

/**
 * Clients that ask one thing after another and write down what became of each request. At a low rate: thousands of ended connections make
 * the kernel's table of sockets slow to read.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #records: RequestRecord[] = [];
  readonly #underway = new Set<Underway>();
  readonly #agents: Agent[] = [];
  readonly #clients: Promise<void>[] = [];
  #signalled = false;
  #ended = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    this.#options = options;
    for (let client = 0; client < options.clients; client++) this.#clients.push(this.#run(client));
  }

  /** No new requests; those in flight may finish. */
  async end(graceMs: number): Promise<readonly RequestRecord[]> {
    this.#ended = true;
    this.#wake.resolve();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([Promise.all(this.#clients), late]);
    clearTimeout(timer);
    for (const agent of this.#agents) agent.destroy();
    await Promise.all(this.#clients);
    return this.#records;
  }

  /** Waits until the app has enough young requests in hand, and sends the signal in the same breath. */
  async strike({ pids, signal, atLeast, youngMs: [from, to], patienceMs }: StrikeOptions): Promise<Strike> {
    const until = instant() + patienceMs;
    let most = 0;
    while (instant() < until) {
      const { read, unread, young, waiting } = this.#look(from, to);
      most = Math.max(most, young);
      if (young >= atLeast) {
        const at = instant();
        for (const pid of pids) kill(pid, signal);
        this.#signalled = true;
        for (const each of this.#underway) each.atSignal = read.has(each) ? "read" : "unread";
        return { struck: true, at, read: read.size, unread, waiting };
      }
      await pause(2);
    }
    return { struck: false, most };
  }

  /** What the kernel knows of each request: a connection that was accepted and has nothing left to read is in the app's hands. */
  #look(from: number, to: number): { read: Set<Underway>; unread: number; young: number; waiting: number } {
    const rows = socketRows();
    const mine = new Map(rows.filter(({ localPort }) => localPort === this.#options.port).map((row) => [row.remotePort, row]));
    const now = instant();
    const read = new Set<Underway>();
    let young = 0;
    for (const each of this.#underway) {
      const row = mine.get(each.socket.localPort ?? -1);
      if (!row || row.inode === "0" || row.unread > 0 || row.state !== "established") continue;
      // An answer that has begun to arrive is past the point where it could be lost unseen; it counts as read all the same.
      read.add(each);
      const age = now - each.sentAt;
      if (age >= from && age <= to && each.socket.bytesRead === each.bytesBefore) young++;
    }
    const waiting = rows
      .filter(({ state, localPort }) => state === "listen" && localPort === this.#options.port)
      .reduce((sum, { unread }) => sum + unread, 0);
    return { read, unread: this.#underway.size - read.size, young, waiting };
  }

  async #run(client: number): Promise<void> {
    const { paths, keepAlive, pauseMs, staggerMs, reuseAfterSignal } = this.#options;
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    this.#agents.push(agent);
    await this.#rest(client * staggerMs);
    for (let turn = client; !this.#ended; turn++) {
      const fresh = this.#signalled && !reuseAfterSignal;
      const own = fresh ? new Agent({ keepAlive: false, maxSockets: 1 }) : agent;
      await this.#ask(client, paths[turn % paths.length] ?? "/", own);
      if (fresh) own.destroy();
      await this.#rest(pauseMs);
    }
  }

  async #ask(client: number, path: string, agent: Agent): Promise<void> {
    const { port, timeoutMs } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    let underway: Underway | undefined;
    let firstByteAt: number | undefined;
    const startedAt = instant();
    const conclude = (end: { status?: number; failed?: string }): void => {
      if (underway) this.#underway.delete(underway);
      clearTimeout(timer);
      const now = instant();
      const { sentAt, reused, socket, bytesBefore, atSignal } = underway ?? { sentAt: startedAt, reused: false };
      this.#records.push({
        client,
        path,
        reused,
        sentAt,
        localPort: socket?.localPort ?? 0,
        bytes: socket ? socket.bytesRead - (bytesBefore ?? 0) : 0,
        ...(firstByteAt !== undefined && { firstByteAt }),
        ...(end.status !== undefined && { status: end.status }),
        ...(end.failed === undefined ? { doneAt: now } : { failed: end.failed }),
        ...(atSignal && { atSignal }),
      });
      resolve();
    };
    const request = httpRequest({ host: "127.0.0.1", port, path, agent, headers: { host: `127.0.0.1:${port}` } });
    const timer = setTimeout(() => request.destroy(Object.assign(new Error("timeout"), { code: "TIMEOUT" })), timeoutMs);
    request.on("socket", (socket) => {
      const send = (): void => {
        underway = { client, path, reused: request.reusedSocket, sentAt: instant(), socket, bytesBefore: socket.bytesRead };
        this.#underway.add(underway);
      };
      if (socket.connecting) socket.once("connect", send);
      else send();
    });
    let status: number | undefined;
    request.on("response", (response) => {
      firstByteAt = instant();
      status = response.statusCode ?? 0;
      response.on("error", (error: NodeJS.ErrnoException) => conclude({ ...(status !== undefined && { status }), failed: failure(error) }));
      response.on("end", () => conclude({ ...(status !== undefined && { status }), ...(!response.complete && { failed: "cut off" }) }));
      response.resume();
    });
    request.on("error", (error: NodeJS.ErrnoException) => (status === undefined ? conclude({ failed: failure(error) }) : undefined));
    request.end();
    await promise;
  }

  async #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#ended) return;
    await Promise.race([pause(ms), this.#wake.promise]);
  }
}

function failure({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ECONNRESET":
    case "EPIPE":
      return message === "socket hang up" ? "closed" : "reset";
    case "TIMEOUT":
      return "timeout";
    default:
      return code ?? message;
  }
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

/** One that has just ended by itself needs no signal. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

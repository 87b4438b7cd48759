import { connect, type Socket } from "node:net";
import { ResponseReader } from "./response-reader.ts";

/** Who uses a connection to a process at the moment. */
export interface UpstreamUser {
  onConnect(): void;
  /** @param piece - its memory is written over after this */
  onData(piece: Buffer): void;
  onDrain(): void;
  onEnd(): void;
  onClose(): void;
}

/** Idle connections are closed before an app of usual settings would, in milliseconds. */
const idleMs = 4_000;
const mostIdle = 256;

/** What all connections to processes are read into: memory for each piece would cost more than most pieces. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A connection to a process. It is listened to once in its life, and hands on what it hears to whoever uses it: listeners for each request
 * would cost more than the request's head.
 */
export class Upstream {
  readonly socket: Socket;
  readonly port: number;
  readonly reader: ResponseReader = new ResponseReader();
  /** It has carried a request before: the process may be closing it in this very moment. */
  reused = false;
  connected = false;
  user: UpstreamUser | undefined;
  idleSince = 0;
  #released = false;

  constructor(port: number, onIdleEvent: (upstream: Upstream) => void) {
    this.port = port;
    const hear = (piece: Buffer): void => {
      if (this.user) this.user.onData(piece);
      else if (this.#released) socket.emit("data", Buffer.from(piece));
      // Whatever comes on an idle connection is not the answer to anything.
      else onIdleEvent(this);
    };
    const callback = (bytes: number): boolean => {
      hear(shared.subarray(0, bytes));
      return true;
    };
    const socket = connect({ host: "127.0.0.1", port, noDelay: true, onread: { buffer: shared, callback } });
    this.socket = socket;
    socket.on("connect", () => {
      this.connected = true;
      this.user?.onConnect();
    });
    socket.on("drain", () => this.user?.onDrain());
    socket.on("end", () => (this.user ? this.user.onEnd() : onIdleEvent(this)));
    socket.on("close", () => (this.user ? this.user.onClose() : onIdleEvent(this)));
    // What ends a connection is told by `close`; without a listener an error would end the engine.
    socket.on("error", () => undefined);
  }

  /** Gives up the connection as a socket without listeners of ours, but for errors. */
  release(): Socket {
    this.user = undefined;
    this.#released = true;
    return this.socket.removeAllListeners("connect").removeAllListeners("drain").removeAllListeners("end").removeAllListeners("close");
  }
}

/** Kept connections to processes, the one used last first. */
export class Pool {
  readonly #idle = new Map<number, Upstream[]>();

  take(port: number): Upstream {
    const idle = this.#idle.get(port);
    for (let kept = idle?.pop(); kept; kept = idle?.pop()) {
      if (kept.socket.destroyed || kept.socket.readableEnded) continue;
      kept.reused = true;
      return kept;
    }
    return new Upstream(port, (upstream) => this.#drop(upstream));
  }

  /** Keeps a connection that has just carried a whole request and its answer. */
  give(upstream: Upstream): void {
    const { socket, port } = upstream;
    upstream.user = undefined;
    const idle = this.#idle.get(port);
    if (socket.destroyed || !socket.writable || (idle && idle.length >= mostIdle)) {
      socket.destroy();
      return;
    }
    upstream.idleSince = Date.now();
    if (idle) idle.push(upstream);
    else this.#idle.set(port, [upstream]);
  }

  /** Closes what has been idle for long, and everything to ports that are routed to no more. */
  sweep(now: number, ports: ReadonlySet<number>): void {
    for (const [port, idle] of this.#idle) {
      for (const upstream of [...idle]) if (now - upstream.idleSince > idleMs || !ports.has(port)) this.#drop(upstream);
      if (idle.length === 0) this.#idle.delete(port);
    }
  }

  close(): void {
    for (const idle of this.#idle.values()) for (const upstream of [...idle]) this.#drop(upstream);
    this.#idle.clear();
  }

  #drop(upstream: Upstream): void {
    upstream.socket.destroy();
    const idle = this.#idle.get(upstream.port);
    const at = idle?.indexOf(upstream) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
  }
}

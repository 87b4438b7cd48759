import { connect, type Socket } from "node:net";

/** A connection to a process. */
export interface Upstream {
  readonly socket: Socket;
  readonly port: number;
  /** It has carried a request before: the process may be closing it in this very moment. */
  readonly reused: boolean;
  readonly connected: boolean;
}

/** Idle connections are closed before an app of usual settings would, in milliseconds. */
const idleMs = 4_000;
const mostIdle = 256;

/** Kept connections to processes, the one used last first. */
export class Pool {
  readonly #idle = new Map<number, { readonly socket: Socket; readonly since: number; readonly drop: () => void }[]>();

  take(port: number): Upstream {
    const idle = this.#idle.get(port);
    for (let kept = idle?.pop(); kept; kept = idle?.pop()) {
      const { socket, drop } = kept;
      socket.off("close", drop).off("data", drop).off("end", drop);
      if (socket.destroyed || socket.readableEnded) continue;
      return { socket, port, reused: true, connected: true };
    }
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    // What ends a connection is told by `close`; without a listener an error would end the engine.
    socket.on("error", () => undefined);
    return { socket, port, reused: false, connected: false };
  }

  /** Keeps a connection that has just carried a whole request and its answer. */
  give({ socket, port }: Upstream): void {
    const idle = this.#idle.get(port) ?? [];
    if (socket.destroyed || !socket.writable || idle.length >= mostIdle) {
      socket.destroy();
      return;
    }
    // Whatever comes on an idle connection is not the answer to anything.
    const drop = (): void => {
      socket.destroy();
      const at = idle.findIndex((each) => each.socket === socket);
      if (at >= 0) idle.splice(at, 1);
    };
    socket.on("close", drop).on("data", drop).on("end", drop);
    idle.push({ socket, since: Date.now(), drop });
    this.#idle.set(port, idle);
  }

  /** Closes what has been idle for long, and everything to ports that are routed to no more. */
  sweep(now: number, ports: ReadonlySet<number>): void {
    for (const [port, idle] of this.#idle) {
      for (const { since, drop } of [...idle]) if (now - since > idleMs || !ports.has(port)) drop();
      if (idle.length === 0) this.#idle.delete(port);
    }
  }

  close(): void {
    for (const idle of this.#idle.values()) for (const { drop } of [...idle]) drop();
    this.#idle.clear();
  }
}

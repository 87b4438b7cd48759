import { createConnection, type Socket } from "node:net";
import type { GateState } from "./plan/doors.ts";

/** How often a process is asked for its gate before it counts as having none, and the time between, in milliseconds. */
const attempts = 20;
const attemptMs = 50;

interface Told {
  /** The last word that was obeyed. */
  readonly told?: unknown;
  readonly accepting: boolean;
  readonly connections: number;
  readonly left: number;
}

/**
 * The platform's end of a process's gate. What it has been told last holds in the process whatever becomes of this end: a new engine
 * connects again and sees how things are.
 */
export class Gate implements Disposable {
  readonly #path: string;
  readonly #changed: () => void;
  #socket: Socket | undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;
  #told: Told | undefined;
  #wanted: "accept" | "pause" | undefined;
  #closed = false;
  #none = false;

  /** @param path - of the process's Unix socket */
  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
    this.#connect();
  }

  get state(): GateState {
    // One that was there and is gone has ended with its process, which will be seen.
    if (!this.#told) return this.#none ? "none" : "unknown";
    if (this.#none) return "unknown";
    if (this.#told.accepting) return "accepting";
    return this.#told.left > 0 ? "paused" : "spent";
  }

  /** Whether nothing of the public socket is left in the process, nor can come by a word that is on its way. */
  get empty(): boolean {
    if (this.#none || !this.#told) return this.#none;
    const { told, accepting, connections } = this.#told;
    return (this.#wanted === undefined || told === this.#wanted) && !accepting && connections === 0;
  }

  /** Tells it once; the same again has no effect. */
  want(wanted: "accept" | "pause"): void {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    this.#socket?.write(`${wanted}\n`);
  }

  /** Has its WebSocket clients told to come again, spread over a time in milliseconds. */
  goodbye(spreadMs: number): void {
    this.#socket?.write(`goodbye ${Math.round(spreadMs)}\n`);
  }

  /** Lets go of it; the process goes on as it was told. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = createConnection(this.#path);
    let text = "";
    socket.setEncoding("utf8");
    socket.unref();
    socket.on("connect", () => {
      this.#socket = socket;
      this.#attempt = 0;
      if (this.#wanted) socket.write(`${this.#wanted}\n`);
    });
    socket.on("data", (part: string) => {
      text += part;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#hear(line);
    });
    // What follows an error is told by `close`.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lost());
  }

  #hear(line: string): void {
    this.#told = parsed(line) ?? this.#told;
    this.#changed();
  }

  #lost(): void {
    this.#socket = undefined;
    if (this.#closed) return;
    if (this.#told || ++this.#attempt >= attempts) {
      this.#none = true;
      this.#changed();
      return;
    }
    this.#timer = setTimeout(() => this.#connect(), attemptMs);
  }
}

/** An app could write anything there. */
function parsed(line: string): Told | undefined {
  try {
    const { told, accepting, connections, left } = JSON.parse(line) as Record<string, unknown>;
    if (typeof accepting !== "boolean" || typeof connections !== "number" || typeof left !== "number") return undefined;
    return { told, accepting, connections, left };
  } catch {
    return undefined;
  }
}

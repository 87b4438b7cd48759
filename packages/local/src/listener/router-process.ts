import { spawn } from "node:child_process";
import { createConnection, type Socket } from "node:net";
import { extname, join } from "node:path";
import { JsonLines, type RouterCommand, type RouterEvent } from "./router-talk.ts";

/** How often it is tried to reach a router that was just started, in milliseconds, and for how many times. */
const reachMs = 10;
const reachTimes = 1_000;

type Ready = Extract<RouterEvent, { readonly is: "ready" }>;

/** A router that runs as a process of its own, seen from the engine. Letting go of it leaves it running. */
export class RouterProcess implements Disposable {
  readonly version: string;
  /** Whether it had been told to listen when it was found. */
  readonly listening: boolean;
  /** Whether it speaks TLS. */
  readonly tls: boolean;
  /** Of the socket that it accepts on. */
  readonly publicInode: number | undefined;
  readonly #socket: Socket;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  #gone = false;

  private constructor(socket: Socket, ready: Ready, lines: { each: (event: RouterEvent) => void }, onGone: () => void) {
    this.#socket = socket;
    this.version = ready.version;
    this.listening = ready.listening;
    this.tls = ready.tls;
    this.publicInode = ready.publicInode;
    lines.each = (event) => this.#hear(event);
    socket.on("close", () => {
      this.#gone = true;
      // With the router its connections have ended.
      for (const { resolve } of this.#waiting.values()) resolve();
      onGone();
    });
  }

  /** Starts one on an inherited socket. Until it listens, connections wait in the kernel. */
  static async start(fd: number, controlPath: string, version: string, onGone: () => void): Promise<RouterProcess> {
    const main = join(import.meta.dirname, `router-main${extname(import.meta.filename)}`);
    const child = spawn(process.execPath, [...sourceFlags(), main, controlPath, version], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", "ignore", "inherit", fd],
      env: { NODE_OPTIONS: "" },
    });
    child.unref();
    const refused = Promise.withResolvers<never>();
    child.once("error", refused.reject);
    child.once("exit", (code) => refused.reject(new Error(`the router ended at its start with status ${code}`)));
    for (let times = 1; ; times++) {
      try {
        const found = await Promise.race([RouterProcess.find(controlPath, onGone), refused.promise]);
        if (found) return found;
      } catch (error) {
        // Between the making of its socket's file and its listening there is a moment.
        if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      }
      if (times === reachTimes) throw new Error("the router was started and cannot be reached");
      await pause(reachMs);
    }
  }

  /** Finds one that an earlier engine has started; nothing when none answers there. */
  static async find(controlPath: string, onGone: () => void): Promise<RouterProcess | undefined> {
    const socket = createConnection(controlPath);
    const { promise, resolve, reject } = Promise.withResolvers<Ready | undefined>();
    const lines = {
      each: (event: RouterEvent): void => {
        if (event.is === "ready") resolve(event);
      },
    };
    const reader = new JsonLines<RouterEvent>((event) => lines.each(event));
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => reader.push(part));
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve(undefined) : reject(error)));
    socket.once("close", () => resolve(undefined));
    const ready = await promise;
    if (!ready) {
      socket.destroy();
      return undefined;
    }
    return new RouterProcess(socket, ready, lines, onGone);
  }

  get gone(): boolean {
    return this.#gone;
  }

  tell(command: Exclude<RouterCommand, { readonly do: "drained" }>): void {
    this.#write(command);
  }

  /** Resolves when nothing is in flight to a target here. */
  async drained(target: string): Promise<void> {
    if (this.#gone) return;
    let waiting = this.#waiting.get(target);
    if (!waiting) {
      waiting = Promise.withResolvers<void>();
      this.#waiting.set(target, waiting);
      this.#write({ do: "drained", target });
    }
    await waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #write(command: RouterCommand): void {
    if (!this.#gone) this.#socket.write(`${JSON.stringify(command)}\n`);
  }

  #hear(event: RouterEvent): void {
    if (event.is !== "drained") return;
    this.#waiting.get(event.target)?.resolve();
    this.#waiting.delete(event.target);
  }
}

/** Run from its sources, the program needs the same flag as this one. */
function sourceFlags(): readonly string[] {
  return process.execArgv.filter((flag) => flag.startsWith("--conditions="));
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

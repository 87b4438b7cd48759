import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import net, { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const preload = fileURLToPath(import.meta.resolve("@douze/gate/preload"));
const [first, last] = [63, 70];

interface State {
  readonly told?: string;
  readonly accepting: boolean;
  readonly connections: number;
  readonly left: number;
}

interface Bound {
  readonly fd: number;
  getsockname(into: { port?: number }): number;
  close(): void;
}

/** A program with a gate to a public socket, which nobody else accepts on. */
export class Gated implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly publicPort: number;
  readonly privatePort: number;
  readonly #socket: Bound;
  readonly #control: Socket;
  #state: State | undefined;
  #text = "";

  private constructor(
    child: ChildProcess,
    socket: Bound,
    control: Socket,
    ports: { readonly publicPort: number; readonly privatePort: number },
  ) {
    this.child = child;
    this.#socket = socket;
    this.#control = control;
    this.publicPort = ports.publicPort;
    this.privatePort = ports.privatePort;
    control.setEncoding("utf8").on("data", (part: string) => {
      this.#text += part;
      const lines = this.#text.split("\n");
      this.#text = lines.pop() ?? "";
      for (const line of lines) this.#state = JSON.parse(line) as State;
      control.emit("told");
    });
  }

  /** @param command - argv of the program */
  static async start(command: readonly string[], cwd: string): Promise<Gated> {
    const socket = bound();
    const name: { port?: number } = {};
    socket.getsockname(name);
    const privatePort = await freePort();
    const gate = join(await mkdtemp(join(tmpdir(), "douze-gate-")), "gate");
    const [file = "", ...words] = command;
    const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
    const rest = Array.from({ length: last + 1 - stdio.length }, (_, index) => (stdio.length + index >= first ? socket.fd : "ignore"));
    const child = spawn(file, words, {
      cwd,
      detached: true,
      stdio: [...stdio, ...rest],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        HOST: "127.0.0.1",
        PORT: String(privatePort),
        DOUZE_GATE: gate,
        DOUZE_GATE_FDS: `${first}-${last}`,
        NODE_OPTIONS: `--require=${preload}`,
      },
    });
    const ended = once(child, "exit").then(() => {
      throw new Error(`${command.join(" ")} has ended`);
    });
    const control = await Promise.race([connected(gate), ended]);
    return new Gated(child, socket, control, { publicPort: name.port ?? 0, privatePort });
  }

  tell(line: string): void {
    this.#control.write(`${line}\n`);
  }

  async until(holds: (state: State) => boolean): Promise<State> {
    while (!this.#state || !holds(this.#state)) await once(this.#control, "told");
    return this.#state;
  }

  async accept(): Promise<void> {
    this.tell("accept");
    await this.until(({ accepting }) => accepting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy();
    this.#socket.close();
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = once(this.child, "exit");
    // With what it has started.
    process.kill(-pid, "SIGKILL");
    await ended;
  }
}

/** Bound and not yet listening: it is the program that begins to. */
function bound(): Bound {
  const create = (net as unknown as { _createServerHandle: (host: string, port: number, family: number) => Bound })._createServerHandle;
  return create("127.0.0.1", 0, 4);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The program needs its time until it listens. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = createConnection(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** One connection of a client that keeps it. */
export class Kept implements Disposable {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static async to(port: number): Promise<Kept> {
    const socket = createConnection(port, "127.0.0.1").setEncoding("latin1");
    await once(socket, "connect");
    return new Kept(socket);
  }

  /** Head and body of the answer, which is known to come in one piece. */
  async get(path: string): Promise<string> {
    this.ask(path);
    const [text] = (await once(this.socket, "data")) as [string];
    return text;
  }

  ask(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

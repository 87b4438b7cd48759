import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import type { OrderName, Orders } from "./inside/orders.ts";
import type { Tools } from "./tools.ts";

interface Waiting {
  resolve(done: never): void;
  reject(error: Error): void;
}

/** A user and a network namespace of their own, with the lab's agent in it. Nothing that is sent there leaves this machine. */
export class Cell implements AsyncDisposable {
  readonly #agent: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  private constructor(agent: ChildProcess) {
    this.#agent = agent;
    agent.on("message", (message) => this.#heard(message as { number: number; done?: never; failed?: string }));
    agent.on("exit", (code, signal) => this.#lost(new Error(`the sandbox's agent ended (${signal ?? code})`)));
    agent.on("error", (error) => this.#lost(error));
  }

  /** @throws Error where the kernel, or a container around us, allows no namespaces */
  static async open(tools: Tools): Promise<Cell> {
    const own = import.meta.filename;
    const program = join(import.meta.dirname, "inside", `agent${extname(own)}`);
    const node = [process.execPath, ...process.execArgv.filter((each) => each.startsWith("--conditions=")), program];
    const agent = spawn(tools.unshare, ["--user", "--map-root-user", "--net", ...node], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LAB_IP: tools.ip },
    });
    let said = "";
    agent.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    const cell = new Cell(agent);
    try {
      await cell.#answer(-1);
    } catch (cause) {
      await cell[Symbol.asyncDispose]();
      throw new Error(said.trim().split("\n").at(-1) || (cause as Error).message, { cause });
    }
    return cell;
  }

  /** By which the namespaces are entered. */
  get pid(): number {
    return this.#agent.pid ?? 0;
  }

  async order<Name extends OrderName>(name: Name, order: Orders[Name]["in"]): Promise<Orders[Name]["out"]> {
    const number = this.#next++;
    const answered = this.#answer<Orders[Name]["out"]>(number);
    this.#agent.send({ number, name, order });
    return await answered;
  }

  async #answer<T>(number: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.set(number, { resolve: resolve as (done: never) => void, reject });
    return await promise;
  }

  #heard({ number, done, failed }: { number: number; done?: never; failed?: string }): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failed !== undefined) waiting?.reject(new Error(failed));
    else waiting?.resolve(done as never);
  }

  #lost(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null || this.#agent.pid === undefined) return;
    const ended = once(this.#agent, "exit");
    this.#agent.kill("SIGKILL");
    await ended;
  }
}

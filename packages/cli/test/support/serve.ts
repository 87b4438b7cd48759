import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView } from "@douze/engine";
import { freePort } from "../../../local/test/support/free-port.ts";
import { type Ended, line, type Running, startProgram } from "./douze.ts";
import type { AppFolder } from "./up.ts";

/** `douze serve` that runs, until it is disposed of: an orderly stop. */
export class Served implements AsyncDisposable {
  readonly app: AppFolder;
  readonly port: number;
  readonly running: Running;

  private constructor(app: AppFolder, port: number, running: Running) {
    this.app = app;
    this.port = port;
    this.running = running;
  }

  /** @param before - what it is started by, such as `unshare` */
  static async start(app: AppFolder, words: readonly string[] = [], before: readonly string[] = []): Promise<Served> {
    const port = await freePort();
    const runtime = await mkdtemp(join(tmpdir(), "douze-rt-"));
    const [program = "", ...rest] = [...before, ...line, "serve", ...words];
    const env = { PORT: String(port), HOST: "127.0.0.1", XDG_RUNTIME_DIR: runtime };
    const running = startProgram(program, rest, { in: app.folder, env });
    await running.lines("serving ", 1);
    return new Served(app, port, running);
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Of the engine: the child of the child of what was started. */
  async enginePid(): Promise<number> {
    const holder = await onlyChild(this.running.child.pid ?? 0);
    return await onlyChild(holder);
  }

  async ask<T>(...words: readonly string[]): Promise<T> {
    return await this.app.ask<T>(...words);
  }

  async processes(): Promise<readonly ProcessView[]> {
    return await this.ask<ProcessView[]>("ps");
  }

  /** Resolves when so many engines have begun, the first one included. */
  async engines(count: number): Promise<void> {
    await this.running.lines("serving ", count);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.running.child.kill(signal);
    return await this.running.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.running.child;
    if (exitCode === null && signalCode === null) await this.stop();
  }
}

/** Its first one that is no `sleep`. */
export async function onlyChild(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  for (const child of children) {
    const command = await readFile(`/proc/${child}/cmdline`, "utf8");
    if (!command.startsWith("sleep")) return child;
  }
  throw new Error(`${pid} has no child`);
}

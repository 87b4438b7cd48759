import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../packages/local/test/support/free-port.ts";

/** The compiled program, as people run it. */
export const program = join(import.meta.dirname, "../../packages/cli/bin/douze.js");

export type Env = Readonly<Record<string, string>>;

/** A person's, with a home and a runtime folder of its own. */
export const envIn = (home: string, runtime: string): Env => ({ PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: runtime });

export async function command(cwd: string, env: Env, ...words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...words], { cwd, env, stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`douze ${words.join(" ")}: exit ${code}`);
}

/** `douze serve` that runs. */
export class Serving implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  static async start(apps: readonly string[], env: Env): Promise<Serving> {
    const port = await freePort();
    const child = spawn(process.execPath, [program, "serve", ...apps], {
      cwd: apps[0],
      env: { ...env, PORT: String(port), HOST: "127.0.0.1" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    let said = "";
    child.stdout.on("data", (part: Buffer) => {
      said += String(part);
      if (said.includes("serving ")) resolve();
    });
    await promise;
    return new Serving(port, child);
  }

  /** Resident memory in MiB: of the engine, and of all that is Douze's own. */
  async memory(): Promise<{ readonly engine: number; readonly all: number }> {
    const holder = this.#child.pid ?? 0;
    const waiter = await childOf(holder);
    const engine = await childOf(waiter);
    const sizes = await Promise.all([holder, waiter, engine].map(resident));
    return { engine: sizes[2] ?? 0, all: sizes.reduce((sum, each) => sum + each, 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await once(this.#child, "exit");
  }
}

async function childOf(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  for (const child of children) if (!(await readFile(`/proc/${child}/cmdline`, "utf8")).startsWith("sleep")) return child;
  throw new Error(`${pid} has no child`);
}

export async function resident(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

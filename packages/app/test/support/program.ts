import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A line of the log. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** One of the programs of `fixtures/`, as a process of its own. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<void>;
  stdout = "";
  stderr = "";

  private constructor(name: string, words: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, ["--conditions=douze-source", join(import.meta.dirname, "../fixtures", name), ...words], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (part: string) => this.#heard(part, ""));
    this.child.stderr?.setEncoding("utf8").on("data", (part: string) => this.#heard("", part));
    this.#exited = once(this.child, "close").then(() => this.#heard("", ""));
  }

  static start(name: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
    return new Program(name, words, env);
  }

  /** To its end. */
  static async run(name: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = new Program(name, words, env);
    program.child.stdin?.end();
    await program.#exited;
    return program;
  }

  get code(): number | null {
    return this.child.exitCode;
  }

  get lines(): readonly Line[] {
    return this.stdout
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line);
  }

  /** Resolves with the line that says so, as soon as it is there. */
  async line(message: string, from = 0): Promise<Line> {
    return await this.until(() => this.lines.slice(from).find((line) => line.message === message));
  }

  /** @throws when it ends before there is one */
  async until<Found>(look: () => Found | undefined): Promise<Found> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  /** @returns its exit code */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.child.kill(signal);
    await this.#exited;
    return this.child.exitCode;
  }

  async ended(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  #heard(out: string, err: string): void {
    this.stdout += out;
    this.stderr += err;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.#exited;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../fixtures/resources/owner.ts", import.meta.url));

export interface OwnerOptions {
  readonly directory: string;
  readonly path: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** A program that owns a provider: it can be killed as an engine can, and its work does not slow down what watches the tests. */
export class Owner implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor({ directory, path, ...as }: OwnerOptions) {
    const args = ["--conditions=douze-source", program, directory, path];
    const child = spawn(process.execPath, args, { ...as, stdio: ["pipe", "pipe", "inherit"], env: { PATH: path } });
    this.#child = child;
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** @throws what the provider threw, as far as it is a problem's text */
  async ask(ask: "provision" | "backup" | "restore", ...args: readonly string[]): Promise<{ readonly url: string; readonly file: string }> {
    this.#child.stdin?.write(`${JSON.stringify({ ask, args })}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("the owner ended without an answer");
    const answer = JSON.parse(value) as { readonly value: { url: string; file: string }; readonly problem?: object };
    if (answer.problem) throw answer.problem;
    return answer.value;
  }

  async kill(): Promise<void> {
    await this.#ended(() => this.#child.kill("SIGKILL"));
  }

  /** Ends as an engine does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ended(() => this.#child.stdin?.end());
  }

  async #ended(end: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    end();
    await exit;
  }
}

import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Tail } from "./tail.ts";
import { type OnTrouble, spaceKept } from "./troubles.ts";

const run = promisify(execFile);

/** So much of a file is worth the start of a program. */
const leastBytes = 1024 * 1024;
const blockBytes = 4096;
/** The last bytes before the copied end stay: by them a truncated file is told. */
const keptBytes = 64;
const restMs = 1_000;

/**
 * Gives back the disk space of what the store has copied out of a spool, while its process goes on appending: a hole is
 * punched from the beginning, the file's size and offsets stay. Node has no call for it, util-linux has a program.
 */
export class Punch implements AsyncDisposable {
  readonly #sync: () => Promise<void>;
  readonly #onTrouble: OnTrouble;
  readonly #freed = new WeakMap<Tail, number>();
  readonly #waiting = new Set<Tail>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #given = false;

  /** @param sync - makes the store's copy durable: only then may the original go */
  constructor(sync: () => Promise<void>, onTrouble: OnTrouble) {
    this.#sync = sync;
    this.#onTrouble = onTrouble;
  }

  /** More of it was stored. */
  consider(tail: Tail): void {
    if (this.#given || this.#closing.signal.aborted) return;
    const freed = this.#freed.get(tail) ?? 0;
    // Its own process truncated it.
    if (tail.copied < freed) this.#freed.delete(tail);
    if (this.#end(tail) - freed < leastBytes) return;
    this.#waiting.add(tail);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  forget(tail: Tail): void {
    this.#waiting.delete(tail);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#waiting.size > 0 && !this.#given && !signal.aborted) {
      await this.#free([...this.#waiting].map((tail) => ({ tail, end: this.#end(tail) })));
      // A flood does not start a program for each of its megabytes.
      await sleep(restMs, undefined, { signal }).catch(ignoreAbort);
    }
  }

  async #free(ends: readonly { readonly tail: Tail; readonly end: number }[]): Promise<void> {
    this.#waiting.clear();
    try {
      await this.#sync();
      for (const { tail, end } of ends) {
        const start = this.#freed.get(tail) ?? 0;
        if (end <= start) continue;
        const range = ["--offset", String(start), "--length", String(end - start)];
        await run("fallocate", ["--punch-hole", ...range, "--", tail.path], { env: { ...process.env, LC_ALL: "C" } });
        this.#freed.set(tail, end);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { code, message } = error as { code?: unknown; message: string };
    // The process may have ended meanwhile and its files be deleted.
    if (/No such file or directory/.test(message)) return;
    this.#given = true;
    this.#onTrouble(spaceKept(code === "ENOENT" ? "the program `fallocate` is not installed" : message.trim(), error));
  }

  #end(tail: Tail): number {
    return Math.floor((tail.copied - keptBytes) / blockBytes) * blockBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }
}

function ignoreAbort(error: Error): void {
  if (error.name !== "AbortError") throw error;
}

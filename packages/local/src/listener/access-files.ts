import { closeSync, openSync, writeSync } from "node:fs";

/** How long lines are gathered before they are written, in milliseconds, and at how many bytes they are written at once. */
const gatherMs = 20;
const gatherBytes = 64 * 1024;

/** Appends access lines to a file for each app, whence the app's log store takes them. */
export class AccessFiles implements Disposable {
  readonly #pending = new Map<string, string>();
  readonly #open = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  append(path: string, line: string): void {
    const text = `${this.#pending.get(path) ?? ""}${line}\n`;
    this.#pending.set(path, text);
    if (text.length >= gatherBytes) this.#write(path, text);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  [Symbol.dispose](): void {
    this.#flush();
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [path, text] of this.#pending) if (text !== "") this.#write(path, text);
    this.#pending.clear();
  }

  /** A full disk or a folder that is gone must not keep requests from being answered: these lines alone are lost then. */
  #write(path: string, text: string): void {
    this.#pending.set(path, "");
    try {
      let file = this.#open.get(path);
      if (file === undefined) {
        file = openSync(path, "a", 0o600);
        this.#open.set(path, file);
      }
      writeSync(file, text);
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
    }
  }
}

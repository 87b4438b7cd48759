import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView, ReleaseView, Status } from "@douze/engine";
import { douze, type Ended, type Running, start } from "./douze.ts";

/** What a build needs to reach the registries of this machine: proxies, certificates, settings of package managers. */
export const surroundings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && /proxy|cert|npm_config|pip_|^goproxy|^goflags/i.test(entry[0]),
  ),
);

/** A copy of an app in a folder of its own, and what can be asked of it. */
export class AppFolder {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async copyOf(source: string): Promise<AppFolder> {
    const folder = join(await mkdtemp(join(tmpdir(), "douze-app-")), "app");
    await cp(source, folder, { recursive: true, filter: (path) => !/\/(\.douze|node_modules)(\/|$)/.test(path) });
    return new AppFolder(folder);
  }

  async run(...words: readonly string[]): Promise<Ended> {
    return await douze(words, { in: this.folder, env: surroundings });
  }

  /** @throws when the command fails */
  async ask<T>(...words: readonly string[]): Promise<T> {
    const ended = await this.run(...words, "--json");
    if (ended.code !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as T;
  }

  async status(): Promise<Status> {
    return await this.ask<Status>("status");
  }

  /** A command that goes on, and what it says on standard error. */
  start(...words: readonly string[]): Running & { said(text: string): Promise<void> } {
    const running = start(words, { in: this.folder, env: surroundings });
    let heard = "";
    const { promise, resolve } = Promise.withResolvers<void>();
    let wanted: string | undefined;
    running.child.stderr?.on("data", (part: Buffer | string) => {
      heard += String(part);
      if (wanted !== undefined && heard.includes(wanted)) resolve();
    });
    return {
      ...running,
      said: async (text) => {
        wanted = text;
        if (heard.includes(text)) resolve();
        await promise;
      },
    };
  }

  async up(...words: readonly string[]): Promise<Up> {
    return await Up.start(this, words);
  }
}

/** `douze up` that runs, until it is disposed of: an orderly stop. */
export class Up implements AsyncDisposable {
  readonly app: AppFolder;
  readonly running: Running;
  readonly address: string;

  private constructor(app: AppFolder, running: Running, address: string) {
    this.app = app;
    this.running = running;
    this.address = address;
  }

  static async start(app: AppFolder, words: readonly string[]): Promise<Up> {
    const running = start(["up", "--port", "0", "--no-watch", ...words], { in: app.folder, env: surroundings });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let heard = "";
    const listen = (part: Buffer | string): void => {
      heard += String(part);
      const address = /Open (http:\S+)/.exec(heard)?.[1];
      if (address !== undefined) resolve(address);
    };
    running.child.stderr?.on("data", listen);
    void running.ended.then(({ stdout, stderr }) => reject(new Error(`it ended: ${stdout}${stderr}`)));
    try {
      return new Up(app, running, await promise);
    } finally {
      running.child.stderr?.off("data", listen);
    }
  }

  async state<T = { text: string; note: string; release: string; process: string; pid: number }>(path = "/"): Promise<T> {
    return (await (await fetch(this.address + path)).json()) as T;
  }

  async processes(): Promise<readonly ProcessView[]> {
    return await this.app.ask<ProcessView[]>("ps");
  }

  async status(): Promise<Status> {
    return await this.app.status();
  }

  async releases(): Promise<readonly ReleaseView[]> {
    return await this.app.ask<ReleaseView[]>("releases");
  }

  /** Asks again until it holds; each answer is awaited, no time is. */
  async until<T>(question: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
    for (;;) {
      const answer = await question();
      if (holds(answer)) return answer;
    }
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<Ended> {
    this.running.child.kill(signal);
    return await this.running.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.running.child;
    if (exitCode === null && signalCode === null) await this.stop();
  }
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { shellCommand } from "@douze/core";
import type { TimelineEvent } from "../model/timeline.ts";
import type { Cell } from "./cell.ts";
import type { Disk } from "./disk.ts";
import { instant } from "./inside/clock.ts";
import { runScript, setupScript } from "./setup-script.ts";
import { endingWithUs, type Tools } from "./tools.ts";
import { readTrace, type Trace, traceArguments } from "./trace.ts";
import { descendants, lives, type TreeProcess } from "./tree.ts";

/** How long the kernel may take to end what was killed, in milliseconds. */
const endMs = 5_000;

/** A line of output, with when it arrived, in milliseconds since the epoch. */
export interface Line {
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** How the process that was started ended. A shell tells a signal as 128 and its number, and so does this. */
export interface End {
  readonly at: number;
  readonly status: number;
}

/**
 * Who gets a signal. `root`: the process that was started. `group`: its process group, as from a terminal or systemd. `all`: every process,
 * as on Heroku.
 */
export type SignalModel = "root" | "group" | "all";

export interface ProcessOptions {
  /** `web.1` */
  readonly name: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tree: string;
  readonly disk: Disk;
  /** Folders of the machine that are seen, read-only. */
  readonly seen: readonly string[];
  /** Files that are not there. */
  readonly hidden?: readonly string[];
  /** The build cannot be written to. Default false: what is written there is seen by the ledger. */
  readonly readonly?: boolean;
  /** Whether the app itself is process 1, as in a container without an init. Default false. */
  readonly isFirst?: boolean;
  /** Follows programs, files and connections. Default false. */
  readonly traced?: boolean;
  /** Output goes to a terminal. Default false: pipes, as on every platform. */
  readonly terminal?: boolean;
  /** Starts in another one's place: it shares that one's disk, and ends with it. Default: a place of its own. */
  readonly beside?: Running;
  readonly tell: (event: TimelineEvent) => void;
}

/** A process of the app in a place of its own: what it says, what it starts, how it ends. */
export class Running implements AsyncDisposable {
  readonly name: string;
  readonly options: ProcessOptions;
  readonly startedAt: number = instant();
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #end: End | undefined;
  #closed = false;
  #began = false;
  readonly #traceFile: string;

  private constructor(child: ChildProcess, options: ProcessOptions, traceFile: string) {
    this.name = options.name;
    this.options = options;
    this.#child = child;
    this.#traceFile = traceFile;
    this.#read(child.stdout as Readable, "stdout");
    this.#read(child.stderr as Readable, "stderr");
    const told = child.stdio[3] as Readable;
    told.on("data", (chunk: Buffer) => {
      const status = /^ended (\d+)/m.exec(chunk.toString("latin1"))?.[1];
      if (status !== undefined) this.#ended(Number(status));
    });
    child.on("exit", (code, signal) => this.#ended(code ?? 128 + (signal === "SIGKILL" ? 9 : 15)));
    child.on("close", () => {
      this.#closed = true;
      this.#notify();
    });
  }

  static async start(tools: Tools, cell: Cell, etc: string, options: ProcessOptions): Promise<Running> {
    const { disk, tree, env, command, seen, hidden = [], traced = false, terminal = false, isFirst = false } = options;
    const asked = shellCommand(command);
    const lead = traced && tools.strace !== undefined ? `${tools.strace} ${traceArguments("/run/trace")}` : "";
    const traceFile = join(disk.folder, "plain/run/trace");
    await rm(traceFile, { force: true });
    const into = options.beside
      ? [
          `--target=${options.beside.first}`,
          "--user",
          "--net",
          "--mount",
          "--pid",
          "--ipc",
          "--uts",
          "--preserve-credentials",
          "/bin/sh",
          "-c",
          runScript,
        ]
      : [
          ...[`--target=${cell.pid}`, "--user", "--net", "--preserve-credentials", tools.unshare],
          ...["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "/bin/sh", "-c", setupScript + runScript],
        ];
    const child = spawn(...endingWithUs(tools.setpriv, tools.nsenter, into), {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      cwd: "/",
      env: {
        ...env,
        LAB_ROOT: join(disk.folder, "root"),
        LAB_DISK: disk.folder,
        LAB_TREE: tree,
        LAB_ETC: etc,
        LAB_OVERLAY: "userxattr,",
        LAB_READONLY: options.readonly ? "1" : "0",
        LAB_SEEN: seen.join("\n"),
        LAB_HIDDEN: hidden.join("\n"),
        LAB_CWD: "/app",
        LAB_COMMAND:
          terminal && tools.script !== undefined ? `exec ${tools.script} -qefc '${asked.replaceAll("'", `'\\''`)}' /dev/null` : asked,
        LAB_LEAD: lead,
        LAB_FIRST: isFirst ? "app" : "init",
      },
    });
    await Promise.race([once(child, "spawn"), once(child, "error").then(([error]) => Promise.reject(error as Error))]);
    const running = new Running(child, options, traceFile);
    options.tell({ at: running.startedAt, who: options.name, what: "started" });
    return running;
  }

  /** Process 1 of its namespace, as the machine numbers it; nothing before it was made and after it ended. */
  get first(): number | undefined {
    const [child] = descendants(this.#child.pid ?? -1).filter(({ parent }) => parent === this.#child.pid);
    return child?.pid;
  }

  /** All processes of the app, without what the lab put around them. */
  get tree(): readonly TreeProcess[] {
    const first = this.first;
    if (first === undefined) return [];
    const all = descendants(this.#child.pid ?? -1).filter(({ name }) => name !== "strace");
    if (this.options.isFirst) return all;
    const session = all.find(({ pid }) => pid === first)?.session;
    return all.filter((each) => each.pid !== first && each.session !== session);
  }

  /** The process that was started; nothing once it ended. */
  get root(): TreeProcess | undefined {
    const { tree, first } = this;
    return this.options.isFirst
      ? tree.find(({ pid }) => pid === first)
      : tree.find(({ parent, pid, session }) => parent === first && pid === session);
  }

  /** How the process that was started ended; others may live on. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Whom a signal of this model reaches, for `kill(2)`. */
  targets(model: SignalModel): readonly number[] {
    const { root, tree } = this;
    if (model === "all") return tree.map(({ pid }) => pid);
    if (!root) return [];
    return [model === "root" ? root.pid : -root.group];
  }

  signal(model: SignalModel, signal: NodeJS.Signals): number {
    const at = instant();
    for (const pid of this.targets(model)) kill(pid, signal);
    this.options.tell({
      at,
      who: this.name,
      what: `${signal} to ${model === "root" ? "the process" : model === "group" ? "its group" : "all its processes"}`,
    });
    return at;
  }

  /** Waits until something is so, looking after each event and every few milliseconds. */
  async until(is: () => boolean | Promise<boolean>, patienceMs: number, everyMs: number = 5): Promise<boolean> {
    const deadline = instant() + patienceMs;
    for (;;) {
      if (await is()) return true;
      const left = deadline - instant();
      if (left <= 0) return false;
      await this.#event(Math.min(everyMs, left));
    }
  }

  /** Waits for the end of the whole tree: the app has ended when none of its processes is left. */
  async gone(patienceMs: number): Promise<number | undefined> {
    let at: number | undefined;
    const isGone = (): boolean => {
      if (this.#closed || (this.#hasBegun() && this.#end !== undefined && this.tree.length === 0)) at = instant();
      return at !== undefined;
    };
    return (await this.until(isGone, patienceMs)) ? at : undefined;
  }

  /** What was traced so far. */
  async trace(): Promise<Trace> {
    return readTrace(await readFile(this.#traceFile, "latin1").catch(() => ""));
  }

  /** The app's own text, without times: `stdout` and `stderr` as they came. */
  get text(): string {
    return this.lines.map(({ text }) => text).join("\n");
  }

  /** Ends everything at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const closed = once(this.#child, "close");
    // Its namespaces end with it, and all in them; those of another stay, and so would what stands above the app.
    const own = this.options.beside ? descendants(this.#child.pid ?? -1).map(({ pid }) => pid) : [];
    const { first } = this;
    this.#child.kill("SIGKILL");
    for (const pid of own) kill(pid, "SIGKILL");
    if (!this.#closed) await closed;
    // What is in a namespace ends after whoever made it, and has its ports and folders until then.
    if (first !== undefined) await this.until(() => !lives(first), endMs);
  }

  #hasBegun(): boolean {
    this.#began ||= this.tree.length > 0 || this.#end !== undefined;
    return this.#began;
  }

  #ended(status: number): void {
    if (this.#end) return;
    this.#end = { at: instant(), status };
    this.options.tell({ at: this.#end.at, who: this.name, what: `ended with ${statusText(status)}` });
    this.#notify();
  }

  #read(stream: Readable, name: Line["stream"]): void {
    let rest = "";
    const add = (text: string): void => void this.lines.push({ at: instant(), stream: name, text: text.replace(/\r$/, "") });
    stream.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString("utf8")).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) add(part);
      this.#notify();
    });
    stream.on("end", () => {
      if (rest) add(rest);
    });
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
  }

  async #event(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.add(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#watchers.delete(resolve);
  }
}

/** `exit code 1`, `SIGTERM` */
export function statusText(status: number): string {
  const signals: Readonly<Record<number, string>> = { 130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };
  const signal = signals[status];
  return signal === undefined ? `exit code ${status}` : `${signal} (or exit code ${status})`;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

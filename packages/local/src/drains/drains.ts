import { readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Drain as Declared, Instant } from "@douze/core";
import type { DrainView } from "@douze/engine";
import { makeFolder } from "../files.ts";
import type { LogStore } from "../logs/store.ts";
import { Drain } from "./drain.ts";
import { FileSink } from "./file-sink.ts";
import { HttpSink } from "./http-sink.ts";
import type { Origin, Sink } from "./sink.ts";
import { SyslogSink } from "./syslog-sink.ts";

export interface DrainsOptions {
  readonly declared: readonly Declared[];
  readonly store: LogStore;
  /** Keeps how far each got. */
  readonly directory: string;
  readonly app: string;
  readonly environment: string;
  /** Tells those who read the log. */
  readonly note: (text: string) => void;
}

/** The drains of an environment. One that cannot be opened is told and keeps no other, and no process, from running. */
export class Drains implements AsyncDisposable {
  readonly #drains: readonly Drain[];

  private constructor(drains: readonly Drain[]) {
    this.#drains = drains;
  }

  /** @throws Problem state-unwritable */
  static open({ declared, store, directory, app, environment, note }: DrainsOptions): Drains {
    if (declared.length > 0) makeFolder(directory);
    forget(directory, new Set(declared.map(({ name }) => fileOf(name))));
    const origin = { app, environment, host: hostname() };
    const opened = declared.map((each) => {
      const sink = sinkOf(each, origin);
      if (typeof sink === "string") {
        note(`drain ${each.name} cannot be opened: ${sink}`);
        return undefined;
      }
      const drain = new Drain({
        declared: each,
        sink,
        read: (from, signal) => store.portions(from, each.processes, signal),
        path: join(directory, fileOf(each.name)),
        note,
        clock: () => Date.now() as Instant,
        chance: Math.random,
      });
      drain.running.catch((error: unknown) => note(`drain ${each.name} ended: ${error instanceof Error ? error.message : String(error)}`));
      return drain;
    });
    return new Drains(opened.filter((drain) => drain !== undefined));
  }

  get views(): readonly DrainView[] {
    return this.#drains.map(({ view }) => view);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#drains.map((drain) => drain[Symbol.asyncDispose]()));
  }
}

function sinkOf(declared: Declared, origin: Origin): Sink | string {
  try {
    if (declared.kind === "file") return new FileSink(declared, origin);
    return declared.kind === "syslog" ? new SyslogSink(declared, origin) : new HttpSink(declared, origin);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return error.message;
    throw error;
  }
}

function fileOf(name: string): string {
  return `${name}.json`;
}

/** Of drains that are declared no more: one of the same name that comes later begins anew. */
function forget(directory: string, kept: ReadonlySet<string>): void {
  for (const file of entriesOf(directory)) if (!kept.has(file)) rmSync(join(directory, file), { force: true });
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

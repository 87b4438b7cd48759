import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Subject, SubjectBuild } from "../model/subject.ts";
import type { TimelineEvent } from "../model/timeline.ts";
import type { Cell } from "./cell.ts";
import { Disk } from "./disk.ts";
import { environmentOf } from "./environment.ts";
import type { Answer, Egress, IdleRecord, Listener, LoadOptions, Request, RequestRecord, Strike, StrikeOptions } from "./inside/orders.ts";
import { type ProcessOptions, Running } from "./running.ts";
import type { Service } from "./service.ts";
import type { Tools } from "./tools.ts";

/** What a process is started with, where that differs from the app's usual way. */
export interface StartOptions {
  /** Default: the type's own. */
  readonly command?: string;
  /** Added to the usual variables; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default one of its own, empty. */
  readonly disk?: Disk;
  /** Default one that is free. */
  readonly port?: number;
  /** In place of the build's: another folder of the machine, as /app. */
  readonly tree?: string;
  readonly readonly?: boolean;
  readonly hidden?: readonly string[];
  readonly isFirst?: boolean;
  readonly traced?: boolean;
  readonly terminal?: boolean;
  /** In another one's place, with the same disk. */
  readonly beside?: Started;
}

/** A process with where it listens, if it does. */
export interface Started extends AsyncDisposable {
  readonly process: Running;
  readonly disk: Disk;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface SandboxParts {
  readonly tools: Tools;
  readonly cell: Cell;
  readonly folder: string;
  readonly subject: Subject;
  readonly build: SubjectBuild;
  readonly services: readonly Service[];
  readonly firstPort: number;
  readonly tell: (event: TimelineEvent) => void;
}

/**
 * Where an experiment takes place, and what it is done with: a network of its own with the app's services in it, and as many processes of
 * the app as are started. Nothing of it is left when it is disposed of, and no two experiments share one.
 */
export class Sandbox implements AsyncDisposable {
  readonly #parts: SandboxParts;
  readonly #etc: string;
  readonly #rest = new AsyncDisposableStack();
  readonly #counts = new Map<string, number>();
  #disks = 0;
  #ports = 0;

  private constructor(parts: SandboxParts) {
    this.#parts = parts;
    this.#etc = join(parts.folder, "etc");
  }

  static async open(parts: SandboxParts): Promise<Sandbox> {
    const sandbox = new Sandbox(parts);
    await mkdir(sandbox.#etc, { recursive: true });
    await writeFile(join(sandbox.#etc, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    await writeFile(join(sandbox.#etc, "hosts"), "127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
    return sandbox;
  }

  get services(): readonly Service[] {
    return this.#parts.services;
  }

  /** @throws Error - the app needs no such service */
  service(name: string): Service {
    const service = this.services.find(({ need }) => need.name === name);
    if (!service) throw new Error(`there is no service ${name} in this sandbox`);
    return service;
  }

  async makeDisk(): Promise<Disk> {
    const disk = await Disk.make(join(this.#parts.folder, `disk-${++this.#disks}`));
    this.#rest.use(disk);
    return disk;
  }

  freePort(): number {
    return this.#parts.firstPort + this.#ports++;
  }

  /** Starts a process of a type, and does not wait for it to be ready. */
  async start(type: string, options: StartOptions = {}): Promise<Started> {
    const { subject, build, tools, cell, tell } = this.#parts;
    const number = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, number);
    const name = `${type}.${number}`;
    const disk = options.beside?.disk ?? options.disk ?? (await this.makeDisk());
    const port = options.port ?? this.freePort();
    const command = options.command ?? subject.processes.find((each) => each.type === type)?.command;
    if (command === undefined) throw new Error(`the app has no process type ${type}`);
    // A second one of a kind is for whoever asks for it.
    const services = this.services.filter(({ need }) => !need.name.endsWith("-2"));
    const usual = environmentOf({ subject, build, services, name, port });
    const env = Object.fromEntries(
      Object.entries({ ...usual, ...options.env }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const process = await Running.start(tools, cell, this.#etc, {
      name,
      command,
      env,
      tree: options.tree ?? build.tree,
      disk,
      seen: build.seen,
      tell,
      ...optional(options),
    });
    // In reverse order: a process ends before its disk is swept.
    this.#rest.use(process);
    return { process, disk, port, env, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
  }

  async ask(request: Request): Promise<Answer> {
    return await this.#parts.cell.order("ask", request);
  }

  async load(options: LoadOptions): Promise<number> {
    return await this.#parts.cell.order("load", options);
  }

  /** No new requests; what is in flight may finish. */
  async unload(load: number, graceMs: number): Promise<readonly RequestRecord[]> {
    return await this.#parts.cell.order("unload", { load, graceMs });
  }

  async strike(options: StrikeOptions): Promise<Strike> {
    return await this.#parts.cell.order("strike", options);
  }

  /** Opens connections that have had one answer, and keeps them. */
  async keepIdle(port: number, path: string, count: number): Promise<() => Promise<readonly IdleRecord[]>> {
    const idle = await this.#parts.cell.order("idle", { port, path, count });
    return async () => await this.#parts.cell.order("idled", { idle });
  }

  async listeners(): Promise<readonly Listener[]> {
    return await this.#parts.cell.order("listeners", undefined);
  }

  async egress(): Promise<readonly Egress[]> {
    return await this.#parts.cell.order("egress", undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rest[Symbol.asyncDispose]();
  }
}

function optional({ hidden, readonly, isFirst, traced, terminal, beside }: StartOptions): Partial<ProcessOptions> {
  return {
    ...(hidden && { hidden }),
    ...(readonly !== undefined && { readonly }),
    ...(isFirst !== undefined && { isFirst }),
    ...(traced !== undefined && { traced }),
    ...(terminal !== undefined && { terminal }),
    ...(beside && { beside: beside.process }),
  };
}

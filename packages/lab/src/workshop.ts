import { chmod, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engines, type EngineType, engineTypes } from "./engines/engines.ts";
import { makeFolder, sweepFolders } from "./folders.ts";
import type { Lab, SandboxOptions } from "./lab.ts";
import type { ServiceNeed, Subject, SubjectBuild } from "./model/subject.ts";
import type { TimelineEvent } from "./model/timeline.ts";
import { Cell } from "./sandbox/cell.ts";
import { Sandbox, type StartOptions } from "./sandbox/sandbox.ts";
import { Service } from "./sandbox/service.ts";
import type { Tools } from "./sandbox/tools.ts";

/** Makes sandboxes, and keeps the servers of backing services that they share. */
export class Workshop implements AsyncDisposable {
  readonly folder: string;
  readonly engines: Engines;
  #made = 0;

  private constructor(folder: string, path: string) {
    this.folder = folder;
    this.engines = new Engines(folder, path);
  }

  /** In the machine's folder for temporary files: a socket's path must be short. */
  static async open(path: string): Promise<Workshop> {
    await sweepFolders(tmpdir());
    const folder = await makeFolder(tmpdir());
    // A database server runs as somebody else where we are root, and has to get to its own folder.
    await chmod(folder, 0o711);
    return new Workshop(folder, path);
  }

  /**
   * A fresh sandbox with the app's services.
   *
   * @throws MigrationFailed - the release task did not end well
   */
  async sandbox({ tools, subject, build, firstPort, tell, slowness }: SandboxWish, options: SandboxOptions = {}): Promise<Sandbox> {
    const folder = join(this.folder, `s${++this.#made}`);
    await mkdir(folder);
    const rest = new AsyncDisposableStack();
    rest.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    try {
      const cell = rest.use(await Cell.open(tools));
      const services: Service[] = [];
      for (const need of subject.services.filter(({ type }) => isEngineType(type))) {
        for (const name of options.twice ? [need.name, `${need.name}-2`] : [need.name]) {
          const store = rest.use(await this.engines.makeStore(need.type as EngineType));
          const at = { host: `${name}.douze.test`, address: `10.99.0.${services.length + 1}` };
          services.push(await Service.open(cell, { ...need, name }, store, at, tell));
        }
      }
      const first = services.filter(({ need }) => !need.name.endsWith("-2"));
      const sandbox = await Sandbox.open({ tools, cell, folder, subject, build, services, firstPort, tell });
      const { migrate } = subject;
      const { tree } = options;
      if (migrate && (options.migrated ?? true)) {
        await runMigration(sandbox, { command: migrate.command, ...(tree !== undefined && { tree }) }, slowness);
        const second = services.filter((each) => !first.includes(each));
        if (second.length > 0)
          await runMigration(
            sandbox,
            { command: migrate.command, env: Object.fromEntries(second.map(({ need, url }) => [need.variable, url])) },
            slowness,
          );
      }
      const kept = rest.move();
      return Object.assign(sandbox, {
        [Symbol.asyncDispose]: async () => {
          await Sandbox.prototype[Symbol.asyncDispose].call(sandbox);
          await kept[Symbol.asyncDispose]();
        },
      });
    } catch (error) {
      await rest[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engines[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export interface SandboxWish {
  readonly tools: Tools;
  readonly subject: Subject;
  readonly build: SubjectBuild;
  readonly firstPort: number;
  readonly tell: (event: TimelineEvent) => void;
  readonly slowness: Lab["slowness"];
}

/** The release task failed: nothing can be said of the app then. */
export class MigrationFailed extends Error {
  readonly lines: readonly string[];

  constructor(status: string, lines: readonly string[]) {
    super(`the release task ${status}`);
    this.lines = lines;
  }
}

async function runMigration(sandbox: Sandbox, options: StartOptions, slowness: number): Promise<void> {
  await using task = await sandbox.start("release", options);
  const { process } = task;
  const ended = await process.until(() => process.end !== undefined, 60_000 * slowness);
  if (ended && process.end?.status === 0) return;
  throw new MigrationFailed(
    ended ? `ended with exit code ${process.end?.status}` : "did not end",
    process.lines.slice(-12).map(({ text }) => text),
  );
}

export function isEngineType(type: ServiceNeed["type"]): type is EngineType {
  return (engineTypes as readonly string[]).includes(type);
}

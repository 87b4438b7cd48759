import { existsSync, mkdirSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeBackup } from "../backup-target.ts";
import type { BackupFile, EmbeddedServer, ServerSurroundings } from "../embedded-server.ts";
import { findProgram } from "../find-program.ts";
import { keptPort } from "../kept-port.ts";
import { pause } from "../pause.ts";
import { startFailure } from "../plan/postmaster.ts";
import { hasJournal, redisConfig } from "../plan/redis.ts";
import { redisNotInstalled, restoreFailed, unavailable } from "../problems.ts";
import type { ServerSettings } from "../resource-folder.ts";
import { newSettings, unique } from "../secrets.ts";
import { isAlive, logSize, logTail, lookMs, type ServerProcess, startServer, stopServer } from "../server-process.ts";
import { findRedis, isReady } from "./ask.ts";
import { beginJournal, snapshot } from "./persistence.ts";

/** SIGTERM has it write down what is in memory. Milliseconds. */
const stopSignals = [
  ["SIGTERM", 30_000],
  ["SIGKILL", 5_000],
] as const;

/** Tries to start while another program takes the port just then. */
const startTries = 5;

interface Running {
  readonly process: ServerProcess;
  readonly settings: ServerSettings;
  readonly found: boolean;
}

/** A Redis or Valkey server with its data, for one resource. */
export class RedisServer implements EmbeddedServer {
  readonly #surroundings: ServerSurroundings;
  #running: Running | undefined;

  constructor(surroundings: ServerSurroundings) {
    this.#surroundings = surroundings;
  }

  get alive(): boolean {
    return this.#running !== undefined && isAlive(this.#running.process);
  }

  get found(): boolean {
    return this.#running?.found ?? false;
  }

  async start(signal: AbortSignal): Promise<string> {
    const { port, password } = await this.#started(signal);
    return `redis://:${password}@127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    const { folder } = this.#surroundings;
    const settings = folder.settings();
    const process = this.#running?.process ?? (settings && (await findRedis(settings, folder.data)));
    if (process) await stopServer(process, stopSignals);
    this.#running = undefined;
  }

  async backup(directory: string, at: string, signal: AbortSignal): Promise<BackupFile> {
    const settings = await this.#started(signal);
    const { resource, data } = this.#surroundings.folder;
    return await writeBackup({ directory, resource, at, extension: "rdb" }, async (aside) => {
      await snapshot(settings, data, signal);
      await copyFile(join(data, "dump.rdb"), aside);
      await rm(join(data, "dump.rdb"));
    });
  }

  async restore(file: string, at: string, signal: AbortSignal): Promise<void> {
    await this.#started(signal);
    const { folder, note } = this.#surroundings;
    const making = folder.making(unique());
    try {
      await copyFile(file, join(making, "dump.rdb"));
      await this.stop();
      const former = folder.swap(making, at);
      try {
        await this.#started(signal);
      } catch (cause) {
        await this.stop();
        folder.swapBack(former, unique());
        throw restoreFailed(file, cause);
      }
      note(`${folder.resource}: the data from before the restore are kept in ${former}; delete it when it is not needed`);
    } finally {
      await rm(making, { recursive: true, force: true });
      // Whatever happened, a server runs: with the file's data, or with the former ones.
      await this.#started(signal);
    }
  }

  async #started(signal: AbortSignal): Promise<ServerSettings> {
    if (this.#running && this.alive) return this.#running.settings;
    const { folder, path, note } = this.#surroundings;
    await folder.open();
    const known = folder.settings();
    const found = known && (await findRedis(known, folder.data));
    const settings = known ?? newSettings("redis", await keptPort(undefined));
    const before = found && { process: found, settings, found: true };
    if (before && (await untilReady(before, signal))) {
      this.#running = before;
      note(`${folder.resource}: the server runs already, at 127.0.0.1:${settings.port}`);
      return settings;
    }
    const program = findProgram(["redis-server", "valkey-server"], path);
    if (program === undefined) throw redisNotInstalled(folder.resource);
    if (!known) folder.writeSettings(settings);
    mkdirSync(folder.data, { recursive: true, mode: 0o700 });
    const running = await this.#launch(program, settings, signal);
    note(`${folder.resource}: ${basename(program)} listens at 127.0.0.1:${running.port}`);
    return running;
  }

  async #launch(program: string, before: ServerSettings, signal: AbortSignal): Promise<ServerSettings> {
    const { folder } = this.#surroundings;
    const journal = hasJournal((path) => existsSync(join(folder.data, path)));
    for (let tries = 1; ; tries++) {
      const settings = { ...before, port: await keptPort(before.port) };
      if (settings.port !== before.port) folder.writeSettings(settings);
      const from = logSize(folder.log);
      const input = redisConfig({ ...settings, data: folder.data, journal });
      const process = await startServer({ program, args: ["-"], cwd: folder.data, input, env: { LC_ALL: "C", TZ: "UTC" } }, folder.log);
      this.#running = { process, settings, found: false };
      if (await untilReady(this.#running, signal)) {
        if (!journal) await beginJournal(settings, folder.data, signal);
        return settings;
      }
      const said = logTail(folder.log, from);
      if (tries === startTries || startFailure(said) === "other") throw unavailable(folder.resource, folder.log, said);
    }
  }
}

/** @returns whether it is ready; false when it has ended */
async function untilReady({ process, settings }: Running, signal: AbortSignal): Promise<boolean> {
  while (isAlive(process)) {
    if (await isReady(settings)) return true;
    await pause(lookMs, signal);
  }
  return false;
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeBackup } from "../backup-target.ts";
import type { BackupFile, EmbeddedServer, ServerSurroundings } from "../embedded-server.ts";
import { keptPort } from "../kept-port.ts";
import { pause } from "../pause.ts";
import { startFailure } from "../plan/postmaster.ts";
import { foreignData, restoreFailed, unavailable } from "../problems.ts";
import type { ServerSettings } from "../resource-folder.ts";
import { newSettings, unique } from "../secrets.ts";
import { isAlive, logSize, logTail, type ServerProcess, startServer, stopServer } from "../server-process.ts";
import { writeBaseBackup } from "./base-backup.ts";
import { appName, dataMajor, type Installation, makeCluster, ownerName, setPasswords } from "./cluster.ts";
import { connectPostgres } from "./connection.ts";
import { findServer, noted, untilReady } from "./found-server.ts";
import { commandAs, findIdentity, giveTo } from "./identity.ts";
import { findPrograms, fittingPrograms } from "./programs.ts";
import { postgresUrl, serverArgs } from "./settings.ts";
import { unpackBackup } from "./unpack.ts";

/** Fast, then at once, then by force: it recovers from both of the latter at its next start. Milliseconds. */
const stopSignals = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 10_000],
  ["SIGKILL", 5_000],
] as const;

/** Tries to start while what a killed server has left still ends, or another program takes the port just then. */
const startTries = 50;
const startPauseMs = 100;

interface Running {
  readonly process: ServerProcess;
  readonly settings: ServerSettings;
  readonly found: boolean;
}

/** A PostgreSQL server with its data, for one resource. */
export class PostgresServer implements EmbeddedServer {
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
    return postgresUrl(await this.#started(signal));
  }

  async stop(): Promise<void> {
    const process = this.#running?.process ?? (await findServer(this.#surroundings.folder.data, neverAborted));
    if (process) await stopServer(process, stopSignals);
    this.#running = undefined;
  }

  /** A copy of the data folder and the journal it needs, taken while others write. */
  async backup(directory: string, at: string, signal: AbortSignal): Promise<BackupFile> {
    const settings = await this.#started(signal);
    const { resource, data } = this.#surroundings.folder;
    const manifest = { douze: "backup", format: 1, type: "postgres", resource, major: dataMajor(data) ?? 0, at } as const;
    return await writeBackup({ directory, resource, at, extension: "tar.gz" }, async (aside) => {
      using owner = await connectAs(ownerName, settings, signal);
      await writeBaseBackup(owner.sql, data, manifest, aside);
    });
  }

  async restore(file: string, at: string, signal: AbortSignal): Promise<void> {
    const settings = await this.#started(signal);
    const { folder, note } = this.#surroundings;
    const making = folder.making(unique());
    try {
      const data = await this.#prepare(file, making, settings);
      await this.stop();
      const former = folder.swap(data, at);
      try {
        using app = await connectAs(appName, await this.#started(signal), signal);
        await app.sql`select 1`;
      } catch (cause) {
        await this.stop();
        folder.swapBack(former, unique());
        throw restoreFailed(file, cause);
      }
      note(`${folder.resource}: the data from before the restore are kept in ${former}; delete it when it is not needed`);
    } finally {
      await rm(making, { recursive: true, force: true, maxRetries: 5 });
      // Whatever happened, a server runs: with the file's data, or with the former ones.
      await this.#started(signal);
    }
  }

  async #started(signal: AbortSignal): Promise<ServerSettings> {
    if (this.#running && this.alive) return this.#running.settings;
    const { folder, note } = this.#surroundings;
    await folder.open();
    const known = folder.settings();
    const found = await findServer(folder.data, signal);
    if (found && known && (await untilReady(folder.data, found, signal, this.#tellLong))) return this.#adopt(found, known);
    // Without its settings nobody can talk to it.
    if (found) await stopServer(found, stopSignals);
    const settings = known ?? newSettings("postgres", await keptPort(undefined));
    if (!known) folder.writeSettings(settings);
    const installation = await this.#installation();
    if (!folder.hasData()) await this.#make(installation, settings, signal);
    giveTo(installation.identity, folder.data);
    if (!known) await setPasswords(installation, folder.data, settings);
    const { port } = await this.#launch(installation, settings, signal);
    note(`${folder.resource}: PostgreSQL ${installation.programs.major} listens at 127.0.0.1:${port}`);
    return { ...settings, port };
  }

  #adopt(process: ServerProcess, known: ServerSettings): ServerSettings {
    const { folder, note } = this.#surroundings;
    const settings = { ...known, port: noted(folder.data)?.port ?? known.port };
    if (settings.port !== known.port) folder.writeSettings(settings);
    this.#running = { process, settings, found: true };
    note(`${folder.resource}: PostgreSQL runs already, at 127.0.0.1:${settings.port}`);
    return settings;
  }

  async #installation(): Promise<Installation> {
    const { directory, path, folder } = this.#surroundings;
    const major = folder.hasData() ? dataMajor(folder.data) : undefined;
    if (folder.hasData() && major === undefined) throw foreignData(folder.data);
    const programs = fittingPrograms(await findPrograms(directory, path), folder.resource, major);
    return { programs, identity: await findIdentity(programs, folder.path, path) };
  }

  async #make(installation: Installation, settings: ServerSettings, signal: AbortSignal): Promise<void> {
    const { folder } = this.#surroundings;
    const making = folder.making(unique());
    try {
      folder.adopt(await makeCluster(installation, making, settings, signal));
    } finally {
      await rm(making, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #launch({ identity, programs }: Installation, before: ServerSettings, signal: AbortSignal): Promise<ServerSettings> {
    const { folder } = this.#surroundings;
    for (let tries = 1; ; tries++) {
      const settings = { ...before, port: await keptPort(before.port) };
      if (settings.port !== before.port) folder.writeSettings(settings);
      const from = logSize(folder.log);
      const process = await startServer(
        commandAs(identity, programs, programs.postgres, serverArgs(folder.data, settings.port)),
        folder.log,
      );
      this.#running = { process, settings, found: false };
      if (await untilReady(folder.data, process, signal, this.#tellLong)) return settings;
      const said = logTail(folder.log, from);
      if (tries === startTries || startFailure(said) === "other") throw unavailable(folder.resource, folder.log, said);
      await pause(startPauseMs, signal);
    }
  }

  /** Unpacks a backup and has a server make it consistent, all beside the present data, which still serve meanwhile. */
  async #prepare(file: string, making: string, settings: ServerSettings): Promise<string> {
    const { directory, path, folder } = this.#surroundings;
    const all = await findPrograms(directory, path);
    const fitting = (major: number | undefined) => fittingPrograms(all, folder.resource, major);
    await unpackBackup(file, making, ({ major }) => void fitting(major));
    const data = join(making, "data");
    const programs = fitting(dataMajor(data));
    const identity = await findIdentity(programs, folder.path, path);
    giveTo(identity, making);
    giveTo(identity, data);
    try {
      await setPasswords({ programs, identity }, data, settings);
    } catch (cause) {
      throw restoreFailed(file, cause);
    }
    return data;
  }

  readonly #tellLong = (): void => {
    const { folder, note } = this.#surroundings;
    note(`${folder.resource}: PostgreSQL is still starting; it brings its data in order first`);
  };
}

async function connectAs(
  user: string,
  { port, password, ownerPassword }: ServerSettings,
  signal: AbortSignal,
): ReturnType<typeof connectPostgres> {
  const login = user === ownerName ? { user, password: ownerPassword, path: "postgres" } : { user, password, path: appName };
  return await connectPostgres(
    { scheme: "postgres", tls: false, ...login, query: { sslmode: "disable" } },
    { host: "127.0.0.1", port },
    signal,
  );
}

const neverAborted: AbortSignal = new AbortController().signal;

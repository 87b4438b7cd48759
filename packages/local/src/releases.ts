import { accessSync, constants, existsSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Problem, type ProcessType, programOf, type ReleaseVersion, shellCommand, versionName } from "@douze/core";
import { type Runnable, type RunnableSource, secretsOf } from "@douze/engine";
import type { AppUser } from "./isolation/app-user.ts";
import { barrier } from "./isolation/reach.ts";
import { writeLive } from "./live.ts";
import { processEnv } from "./plan/environment.ts";
import type { LogPort } from "./seams.ts";
import type { Place } from "./spawn-shim.ts";

/** For whom a place is made. */
export interface Tenant {
  readonly name: string;
  readonly tmp: string;
  readonly port?: number;
}

/** The releases that steps have named, ready to run: asked for once, secrets in memory, live directory on disk. */
export class Releases {
  readonly #source: RunnableSource;
  readonly #live: string;
  readonly #logs: Pick<LogPort, "mask">;
  readonly #clock: () => number;
  readonly #user: AppUser | undefined;
  readonly #known = new Map<ReleaseVersion, Promise<Runnable>>();
  readonly #values = new Map<ReleaseVersion, Promise<unknown>>();

  constructor(source: RunnableSource, liveDirectory: string, logs: Pick<LogPort, "mask">, clock: () => number, user: AppUser | undefined) {
    this.#user = user;
    this.#source = source;
    this.#live = liveDirectory;
    this.#logs = logs;
    this.#clock = clock;
  }

  /**
   * When it returns, the log store masks the release's secrets and its live directory is there.
   *
   * @throws Problem - the source's own: the build is gone, a backing service does not start
   */
  async get(version: ReleaseVersion): Promise<Runnable> {
    const known = this.#known.get(version);
    if (known) return await known;
    const asked = this.#ask(version);
    this.#known.set(version, asked);
    try {
      return await asked;
    } catch (error) {
      // Asked again next time.
      this.#known.delete(version);
      throw error;
    }
  }

  /** Where and with what a process of the release runs. */
  async place(version: ReleaseVersion, { name, tmp, port }: Tenant): Promise<Place> {
    const { release, tree, env } = await this.get(version);
    const { source } = release.manifest;
    const own = { name, tmp, live: this.liveDirectory(version), tree, source, ...(port !== undefined && { port }) };
    checkEnv(env);
    const heroku = source === "Procfile";
    // Heroku runs commands with bash, and some count on it.
    const shell = heroku && existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
    return { cwd: tree, env: processEnv(env, own), shell, profile: heroku, ...(this.#user && { user: this.#user }) };
  }

  /**
   * The command as the shell gets it.
   *
   * @throws Problem command-not-found - its program is neither in the build nor on the machine
   */
  async command(version: ReleaseVersion, command: string, name: string): Promise<string> {
    const { release, tree, env } = await this.get(version);
    const program = programOf(command);
    // What a profile script adds to the PATH, only the shell will know.
    const profile = release.manifest.source === "Procfile" && [".profile", ".profile.d"].some((each) => existsSync(join(tree, each)));
    if (program !== undefined && !profile) checkProgram(program, tree, env["PATH"] ?? "", `${name} of ${versionName(version)}`, this.#user);
    return shellCommand(command);
  }

  /**
   * @throws Problem process-unknown - the release declares no such type
   * @throws Problem command-not-found - its program is neither in the build nor on the machine
   */
  async checkType(version: ReleaseVersion, process: ProcessType): Promise<void> {
    const { processes } = (await this.get(version)).release.manifest;
    const declared = processes[process];
    if (declared) {
      await this.command(version, declared.command, process);
      return;
    }
    throw new Problem({
      code: "process-unknown",
      what: `${versionName(version)} has no process type \`${process}\``,
      why: `its manifest declares: ${Object.keys(processes).join(", ") || "none"}`,
      fix: "declare it in the manifest and deploy, or scale one that there is",
    });
  }

  /** Swaps the values; of two calls the later one wins. */
  async setLive(version: ReleaseVersion, values: Readonly<Record<string, string>>): Promise<void> {
    await this.get(version);
    await this.#writeLive(version, values);
    // Their values are in the environment too: what is started from now on gets the new ones there.
    this.#known.delete(version);
  }

  liveDirectory(version: ReleaseVersion): string {
    return join(this.#live, versionName(version));
  }

  async retire(version: ReleaseVersion): Promise<void> {
    this.#known.delete(version);
    await this.#values.get(version);
    this.#values.delete(version);
    await rm(this.liveDirectory(version), { recursive: true, force: true });
  }

  async #ask(version: ReleaseVersion): Promise<Runnable> {
    const runnable = await this.#source(version);
    this.#logs.mask(secretsOf(runnable));
    await mkdir(this.#live, { recursive: true, mode: 0o755 });
    await this.#writeLive(version, runnable.live);
    return runnable;
  }

  async #writeLive(version: ReleaseVersion, values: Readonly<Record<string, string>>): Promise<void> {
    const before = this.#values.get(version) ?? Promise.resolve();
    const written = before.catch(() => undefined).then(() => writeLive(this.liveDirectory(version), values, this.#clock()));
    this.#values.set(version, written);
    await written;
  }
}

function checkEnv(env: Readonly<Record<string, string>>): void {
  const key = Object.keys(env).find((name) => env[name]?.includes("\0"));
  if (key === undefined) return;
  throw new Problem({
    code: "environment-unusable",
    what: `${key} cannot be given to a process`,
    why: "its value holds a zero byte, where an environment variable ends",
    fix: `encode it, as base64 for instance, and decode it in the app: \`douze config set ${key}=…\``,
  });
}

function checkProgram(program: string, tree: string, path: string, whose: string, user: AppUser | undefined): void {
  const candidates = program.includes("/") ? [resolve(tree, program)] : path.split(":").map((folder) => resolve(tree, folder, program));
  const found = candidates.find(isExecutable);
  if (found !== undefined) {
    const closed = user && barrier(found, user);
    if (closed === undefined) return;
    throw new Problem({
      code: "command-not-found",
      what: `${whose} cannot be started`,
      why: `\`${program}\` is ${found}, and the app's own user may not enter ${closed}`,
      fix: "install it where everybody may run it (`/usr/local`), or let the app run as the engine: DOUZE_ISOLATION=off",
    });
  }
  const there = candidates.find((file) => existsSync(file));
  throw new Problem({
    code: "command-not-found",
    what: `${whose} cannot be started`,
    why: there === undefined ? `there is no program \`${program}\`` : `\`${program}\` may not be executed`,
    fix:
      there === undefined
        ? "see that the build installs it, or correct the command in the manifest"
        : `\`chmod +x ${program}\`, commit, and deploy again`,
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppName, Instant, LogLine, Manifest, ProcessDeclaration, ReleaseVersion } from "@douze/core";
import type { Runnable } from "@douze/engine";
import { type Bench, type Fixture, type FixtureProcess, secretValue, type Visit } from "@douze/engine/exam";
import { Local } from "../../src/local.ts";
import type { LocalOptions } from "../../src/local-options.ts";
import { Crashes } from "../../src/logs/crash.ts";
import { LogStore } from "../../src/logs/store.ts";
import { RecordingRouter } from "./recording-router.ts";

export const tree: string = join(import.meta.dirname, "../fixtures/app");

const commands: Record<Fixture, string> = {
  serve: "node serve.mjs",
  idle: "./idle.sh",
  stubborn: "./stubborn.sh",
  fail: "./fail.sh",
  misconfigured: "./misconfigured.sh",
  task: "./task.sh",
  environment: "./environment.sh",
  telltale: "./telltale.sh",
};

/** What a test says of a release; the rest is small and quick. */
export interface ReleaseParts {
  readonly processes: Readonly<Record<string, Partial<ProcessDeclaration> & { readonly command: string }>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly live?: Readonly<Record<string, string>>;
  readonly source?: Manifest["source"];
  readonly tree?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

export function declared(rest: Partial<ProcessDeclaration> & { readonly command: string }): ProcessDeclaration {
  return { scale: 1, graceMs: 10_000, bootMs: 20_000, settleMs: 20, routed: false, ...rest };
}

export function runnable(version: number, parts: ReleaseParts): Runnable {
  const processes = Object.fromEntries(Object.entries(parts.processes).map(([type, rest]) => [type, declared(rest)]));
  const config = Object.fromEntries(Object.entries(parts.secrets ?? {}).map(([key, value]) => [key, { value, secret: true }]));
  const release: unknown = { version, manifest: { source: parts.source ?? "douze.yaml", processes }, config, attachments: {} };
  return {
    release: release as Runnable["release"],
    tree: parts.tree ?? tree,
    env: { PATH: process.env["PATH"] ?? "", DOUZE_RELEASE: `v${version}`, ...parts.env, ...parts.secrets },
    live: parts.live ?? {},
  };
}

/** A driver on a folder of its own, with the real log store. Everything ends with it. */
export class LocalBench implements Bench, AsyncDisposable {
  readonly folder: string;
  readonly router: RecordingRouter;
  readonly #releases: Map<number, Runnable>;
  readonly #options: Partial<LocalOptions>;
  #logs: LogStore;
  #driver: Local;

  private constructor(
    folder: string,
    router: RecordingRouter,
    logs: LogStore,
    releases: Map<number, Runnable>,
    options: Partial<LocalOptions>,
    driver: Local,
  ) {
    this.folder = folder;
    this.router = router;
    this.#logs = logs;
    this.#releases = releases;
    this.#options = options;
    this.#driver = driver;
  }

  /** @param given - a folder that another one left; absent: a new one */
  static async open(
    options: Partial<LocalOptions> = {},
    given?: { readonly folder: string; readonly releases: Readonly<Record<number, ReleaseParts>> },
  ): Promise<LocalBench> {
    const folder = given?.folder ?? (await mkdtemp(join(tmpdir(), "douze-local-")));
    const router = await RecordingRouter.open();
    const known = Object.entries(given?.releases ?? {}).map(
      ([version, parts]) => [Number(version), runnable(Number(version), parts)] as const,
    );
    const releases = new Map<number, Runnable>(known);
    const { logs, driver } = await openDriver(folder, router, releases, options);
    return new LocalBench(folder, router, logs, releases, options, driver);
  }

  get driver(): Local {
    return this.#driver;
  }

  release(
    version: number,
    processes: Readonly<Record<string, FixtureProcess>>,
    live: Readonly<Record<string, string>> = {},
  ): ReleaseVersion {
    const given = Object.entries(processes).map(([type, { fixture, ...rest }]) => [type, { ...rest, command: commands[fixture] }] as const);
    return this.declare(version, { processes: Object.fromEntries(given), live, secrets: { SECRET: secretValue } });
  }

  declare(version: number, parts: ReleaseParts): ReleaseVersion {
    this.#releases.set(version, runnable(version, parts));
    return version as ReleaseVersion;
  }

  command(fixture: Fixture): string {
    return commands[fixture];
  }

  async visit(path: string, signal: AbortSignal): Promise<Visit> {
    const answer = await fetch(`http://127.0.0.1:${this.router.port}${path}`, { signal, headers: { connection: "close" } });
    const retryAfter = answer.headers.get("retry-after") ?? undefined;
    return { status: answer.status, body: await answer.text(), retryAfter };
  }

  /** Leaves what runs and takes it over with a new driver, as an upgrade of the engine does. */
  async reopen(): Promise<void> {
    await this.#driver.end("leave");
    await this.#logs[Symbol.asyncDispose]();
    const { logs, driver } = await openDriver(this.folder, this.router, this.#releases, this.#options);
    this.#logs = logs;
    this.#driver = driver;
  }

  async lines(process: string, signal: AbortSignal): Promise<readonly string[]> {
    const lines: LogLine[] = [];
    for await (const line of this.#driver.logs({ processes: [process] }, signal)) lines.push(line);
    return lines.map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // At once: what a test leaves running is not to hold it up.
    await this.#driver.end("stop", AbortSignal.abort());
    await this.#logs[Symbol.asyncDispose]();
    await this.router[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function openDriver(
  folder: string,
  router: RecordingRouter,
  releases: Map<number, Runnable>,
  options: Partial<LocalOptions>,
): Promise<{ readonly logs: LogStore; readonly driver: Local }> {
  const logs = await LogStore.open(join(folder, "logs"), { retention: { maxBytes: 2 ** 26, maxAgeMs: 3_600_000 } });
  const opening = Local.open({
    directory: join(folder, "environment"),
    app: "shop" as AppName,
    runnable: async (version) => {
      const known = releases.get(version);
      if (!known) throw new TypeError(`the test declares no v${version}`);
      return known;
    },
    router,
    logs,
    crashes: new Crashes(join(folder, "logs")),
    hosts: ["shop.localhost"],
    fallback: true,
    ...options,
  });
  try {
    return { logs, driver: await opening };
  } catch (error) {
    await logs[Symbol.asyncDispose]();
    throw error;
  }
}

export const never: Instant = 0 as Instant;

import { mkdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type AppName, type Instant, Problem } from "@douze/core";
import { type Archive, Engine, type EngineOptions, ledgerKey, readInventory } from "@douze/engine";
import {
  accessLine,
  accessSpool,
  Crashes,
  Drains,
  type IsolationOptions,
  Local,
  LocalProvider,
  LogStore,
  openIsolation,
  type RoutePort,
  Router,
  SteadyClock,
} from "@douze/local";
import { findIdentities, type Identity } from "@douze/secrets";
import { holdLock, serve } from "@douze/server";
import { controlSocket } from "./compose.ts";
import { localTarget } from "./local-target.ts";
import { type Place, readManifest } from "./place.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A state held by this process, without any process of the app: for what only concerns the ledger. */
export async function openOffline(place: Place, env: Env): Promise<AsyncDisposable & { readonly engine: Engine }> {
  await using stack = new AsyncDisposableStack();
  const { app } = await readManifest(place.directory);
  stack.use(await holdLock(place.paths.environment));
  const options = await optionsFor(place, app, env, () => undefined, true);
  stack.use(options.provider);
  const engine = stack.use(await Engine.open(options));
  const held = stack.move();
  return { engine, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** An environment whose engine runs in this process. */
export interface RunningEnvironment extends AsyncDisposable {
  readonly engine: Engine;
  readonly driver: Local;
  readonly address: string;
  /** Resolves when a command asks the engine to end. */
  readonly asked: Promise<void>;
}

/** A public port, which several apps may share by host name. */
export interface Front {
  readonly router: RoutePort;
  readonly port: number;
  /** By app, where its requests are told of. */
  readonly logs: Map<string, LogStore>;
  /** What it speaks. */
  readonly scheme: "http" | "https";
  /** The router is no part of this process. */
  readonly separate?: boolean;
  /** Descriptor of the listening socket, where processes may take connections from it. */
  readonly publicFd?: number;
  /** Default: none. */
  readonly isolation?: Pick<IsolationOptions, "way" | "delegated">;
}

/** Of apps whose inventory names none, where no socket was handed over. */
export const defaultPort = 5000;

/**
 * Opens the public port with a router in this process.
 *
 * @param port - in place of the first app's inventory's
 * @throws Problem port-taken, port-forbidden, inventory-invalid
 */
export async function openFront(place: Place, env: Env, port: number | undefined): Promise<Front & AsyncDisposable> {
  const logs = new Map<string, LogStore>();
  const target = localTarget((await inventoryOf(place, env)()).inventory);
  const router = await Router.listen({
    host: "127.0.0.1",
    port: port ?? target.port ?? defaultPort,
    onAccess: (record) => logs.get(record.app ?? "")?.append("router", "", "stdout", accessLine(record)),
  });
  return { router, scheme: "http", port: router.port, logs, [Symbol.asyncDispose]: () => router[Symbol.asyncDispose]() };
}

/**
 * Opens an environment and runs it in this process. Parts are opened in an order in which each finds what it needs, and end in
 * the other: lock, logs, engine with its driver, and the control socket last, when everything can be asked for.
 *
 * @param alone - it gets the requests for all hosts, not only for its own
 * @throws Problem engine-running, inventory-invalid, ledger-unreadable …
 */
export async function openEnvironment(place: Place, env: Env, front: Front, alone: boolean): Promise<RunningEnvironment> {
  await using stack = new AsyncDisposableStack();
  const { paths } = place;
  const { app } = await readManifest(place.directory);
  if (front.logs.has(app)) throw sameName(app);
  stack.use(await holdLock(paths.environment));
  await mkdir(paths.environment, { recursive: true, mode: 0o700 });
  let note = (_text: string): void => undefined;
  const clock = new SteadyClock();
  const options = { ...(await optionsFor(place, app, env, (text) => note(text), false)), clock: (): Instant => clock.now() };
  stack.use(options.provider);
  const { inventory } = await options.inventory();
  const logFolder = join(paths.environment, "logs");
  const onTrouble = (problem: Problem): void => note(`${problem.what}: ${problem.why}`);
  const logs = stack.use(await LogStore.open(logFolder, { retention: inventory.logs, onTrouble }));
  front.logs.set(app, logs);
  stack.defer(() => void front.logs.delete(app));
  const { router, publicFd } = front;
  const access = !front.separate ? undefined : stack.use(accessSpool(paths.environment, logs)).path;
  const target = localTarget(inventory);
  const hosts = target.hosts.length > 0 ? target.hosts : [`${app}.localhost`];
  const named = hosts.find((host) => !host.startsWith("*")) ?? `${app}.localhost`;
  const address = `${front.scheme}://${alone && front.scheme === "http" ? "127.0.0.1" : named}:${front.port}`;
  const asked = Promise.withResolvers<void>();
  const isolation =
    front.isolation && openIsolation({ ...front.isolation, directory: await realpath(paths.environment), builds: paths.builds });
  const drained = { declared: inventory.drains, directory: join(paths.environment, "drains"), app, environment: place.environment };
  const drains = stack.use(Drains.open({ ...drained, store: logs, note: (text) => logs.append("douze", "", "stdout", text) }));
  let driver: Local | undefined;
  const engine = await Engine.open({
    ...options,
    drive: {
      open: async (runnable) => {
        const crashes = new Crashes(logFolder);
        driver = await Local.open({
          directory: paths.environment,
          app,
          runnable,
          router,
          logs,
          crashes,
          hosts,
          fallback: alone,
          clock: () => clock.now(),
          onRest: () => clock.sync(),
          ...(publicFd !== undefined && { publicFd }),
          ...(access !== undefined && { access }),
          ...(isolation && { isolation }),
        });
        note = (text) => driver?.note(text);
        return driver;
      },
      addresses: () => [address],
      drains: () => drains.views,
      ...(isolation && { isolation: isolation.told }),
      onShutDown: asked.resolve,
    },
  });
  if (!driver) throw new Error("the engine opened no driver");
  stack.use(driver);
  stack.use(engine);
  const socket = await controlSocket(place, env);
  if (socket === undefined) throw new Error("the environment's folder has vanished");
  stack.use(await serve(engine.operations, socket));
  const held = stack.move();
  return { engine, driver, address, asked: asked.promise, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function sameName(app: AppName): Problem {
  return new Problem({
    code: "name-taken",
    what: `two of the apps are called \`${app}\``,
    why: "requests are told apart by the app's name",
    fix: "give one of them another name: `app:` in its douze.yaml",
  });
}

/** @param visiting - leaves servers that it finds running as they are */
async function optionsFor(place: Place, app: AppName, env: Env, note: (text: string) => void, visiting: boolean): Promise<EngineOptions> {
  const { directory, environment, paths } = place;
  const userHome = env["HOME"] ?? homedir();
  const path = env["PATH"] ?? "/usr/bin:/bin";
  return {
    app,
    environment,
    directory,
    paths,
    key: ledgerKey(paths.key),
    provider: new LocalProvider({ directory: paths.resources, path, note, visiting }),
    inventory: inventoryOf(place, env),
    path,
    userHome,
    clock: () => Date.now() as Instant,
    archive: archiveIn(join(paths.environment, "logs")),
  };
}

/** Read anew each time it is asked for. */
export function inventoryOf({ directory, environment }: Place, env: Env): EngineOptions["inventory"] {
  const identities = async (): Promise<readonly Identity[]> => await findIdentities(env, env["HOME"] ?? homedir());
  return () => readInventory(directory, environment, identities);
}

/** Opened when it is asked for: most commands do not look at logs. */
function archiveIn(folder: string): Archive {
  return {
    async *logs(query, signal) {
      await using store = await LogStore.open(folder, {
        retention: { maxBytes: Number.MAX_SAFE_INTEGER, maxAgeMs: Number.MAX_SAFE_INTEGER },
      });
      yield* store.read({ ...query, follow: false }, signal);
    },
    crashes: (process) => new Crashes(folder).list(process),
  };
}

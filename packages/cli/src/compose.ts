import { readFile, realpath } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { Problem } from "@douze/core/problem";
import type { Operations } from "@douze/engine";
import { answers, connect, runtimeDirectory, socketPath } from "@douze/server/client";
import type { ClusterOperations } from "./cluster-operations.ts";
import type { Place } from "./place.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The engine's operations, wherever they are carried out; with what else can be asked of an environment in a cluster, where it runs in one. */
export type Reached = Operations & AsyncDisposable & Partial<Omit<ClusterOperations, keyof Operations | typeof Symbol.asyncDispose>>;

/**
 * Asks the engine that runs; where none does, opens the state in this process, which is slower and runs nothing. An environment in a
 * cluster is opened in this process too.
 *
 * @param force - takes over what others have changed in a cluster. Default false
 */
export async function operationsAt(place: Place, env: Env, force = false, patienceMs: number = startMs): Promise<Reached> {
  if (await runsInCluster(place)) return await inCluster(place, env, force);
  const socket = await controlSocket(place, env);
  if (socket !== undefined && (await answers(socket))) return { ...connect(socket), [Symbol.asyncDispose]: async () => undefined };
  const { openOffline } = await import("./open.ts");
  try {
    const offline = await openOffline(place, env);
    return { ...offline.engine.operations, [Symbol.asyncDispose]: () => offline[Symbol.asyncDispose]() };
  } catch (error) {
    // An engine has the state and does not answer yet: it is being started.
    if (!(error instanceof Problem) || error.code !== "engine-running" || patienceMs <= 0) throw error;
    await pause();
    return await operationsAt(place, env, force, patienceMs - pauseMs);
  }
}

/** Told from the text: most commands need not read the inventory for it. */
async function runsInCluster({ directory, environment }: Place): Promise<boolean> {
  try {
    return /^\s+kind:\s*["']?kubernetes\b/m.test(await readFile(join(directory, "inventory", `${environment}.yaml`), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function inCluster(place: Place, env: Env, force: boolean): Promise<Reached> {
  const [{ clusterTarget, openCluster }, { clusterOperations }] = await Promise.all([
    import("./open-cluster.ts"),
    import("./cluster-operations.ts"),
  ]);
  const onNote = (text: string): void => void process.stderr.write(`${text}\n`);
  const by = `${userInfo().username}@${hostname()}`;
  const target = await clusterTarget(place);
  const { gitops } = target;
  if (!gitops) return clusterOperations({ open: (looksOnly) => openCluster({ place, env, by, target, looksOnly, force, onNote }) });
  const { openRepository } = await import("./open-repository.ts");
  return clusterOperations({ open: (looksOnly) => openRepository({ place, env, target, gitops, looksOnly, onNote }), committed: true });
}

/** How long an engine may take to start until it answers, and between two looks, in milliseconds. */
const startMs = 10_000;
const pauseMs = 50;

async function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, pauseMs);
  await promise;
}

/** @returns nothing when the environment has no state yet */
export async function controlSocket(place: Place, env: Env): Promise<string | undefined> {
  try {
    const state = await realpath(place.paths.environment);
    return socketPath(state, await runtimeDirectory(env["XDG_RUNTIME_DIR"], userInfo().uid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

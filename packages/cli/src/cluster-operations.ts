import type { Operations } from "@douze/engine";
import type { Drift } from "@douze/kubernetes";
import type { Environment } from "./open-cluster.ts";

/** What only looks takes no lock: anybody may do it while somebody releases. */
const ways: Readonly<Record<Exclude<keyof Operations, "logs">, "looks" | "acts">> = {
  status: "looks",
  deploy: "acts",
  changeConfig: "acts",
  attach: "acts",
  detach: "acts",
  rollbackPreview: "looks",
  rollback: "acts",
  releases: "looks",
  release: "looks",
  diff: "looks",
  config: "looks",
  configKey: "looks",
  processes: "looks",
  scaling: "looks",
  scale: "acts",
  restart: "acts",
  maintenance: "acts",
  resources: "looks",
  backup: "acts",
  restore: "acts",
  cron: "looks",
  cronRuns: "looks",
  cronRun: "acts",
  runs: "looks",
  runDetached: "acts",
  oneOff: "acts",
  oneOffEnded: "acts",
  crashes: "looks",
  drains: "looks",
  shutDown: "acts",
};

/** What can be asked of an environment in a cluster. */
export interface ClusterOperations extends Operations, AsyncDisposable {
  readonly elsewhere: true;
  /** What there is not as the current release has it. */
  drift(): Promise<readonly Drift[]>;
}

/**
 * The operations of an environment in a cluster, carried out in this process: no engine of ours runs there. What changes something holds
 * the environment's lock until its steps are taken.
 */
export function clusterOperations(open: (looksOnly: boolean) => Promise<Environment>): ClusterOperations {
  let looking: Promise<Environment> | undefined;
  let acting: Promise<Environment> | undefined;
  const look = (): Promise<Environment> => {
    if (acting) return acting;
    looking ??= open(true);
    return looking;
  };
  const act = (): Promise<Environment> => {
    acting ??= open(false);
    return acting;
  };
  const calls = Object.entries(ways).map(([name, way]) => {
    const call = async (...args: readonly unknown[]): Promise<unknown> => {
      const { engine } = await (way === "looks" ? look() : act());
      try {
        return await (engine.operations[name as keyof Operations] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
      } finally {
        await engine.rest();
      }
    };
    return [name, call] as const;
  });
  return {
    elsewhere: true,
    drift: async () => await (await look()).drift(),
    ...(Object.fromEntries(calls) as unknown as Omit<Operations, "logs">),
    async *logs(query, signal) {
      yield* (await look()).engine.operations.logs(query, signal);
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [looking, acting]) await (await each?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

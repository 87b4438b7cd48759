import type { OnProgress, Operations } from "@douze/engine";
import { type Drift, untouched } from "@douze/kubernetes";
import type { Environment, TerminalRun } from "./open-cluster.ts";
import { ofBuild } from "./progress.ts";

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
  // One-offs have names that nobody else gives, and may take long: they keep nobody from releasing.
  cronRun: "looks",
  runs: "looks",
  runDetached: "looks",
  oneOff: "looks",
  oneOffEnded: "acts",
  crashes: "looks",
  drains: "looks",
  shutDown: "acts",
};

/** What only the cluster itself could tell or do, where releases are committed to a repository. */
const untold: readonly (keyof Operations)[] = [
  "processes",
  "scaling",
  "cron",
  "cronRuns",
  "cronRun",
  "runs",
  "runDetached",
  "oneOff",
  "crashes",
  "drains",
];

/** What can be asked of an environment in a cluster. */
export interface ClusterOperations extends Operations, AsyncDisposable {
  readonly elsewhere: true;
  /** What there is not as the current release has it. */
  drift(): Promise<readonly Drift[]>;
  /** Runs a command there with this process's terminal. @returns its exit status */
  readonly terminal: TerminalRun;
}

export interface ClusterWays {
  readonly open: (looksOnly: boolean) => Promise<Environment>;
  /** Releases are committed to a repository: what happens in the cluster is not known. Default false. */
  readonly committed?: boolean;
}

/**
 * The operations of an environment in a cluster, carried out in this process: no engine of ours runs there. What changes something holds
 * the environment's lock until its steps are taken.
 */
export function clusterOperations({ open, committed = false }: ClusterWays): ClusterOperations {
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
      if (committed && untold.includes(name as keyof Operations)) throw untouched(`${name} cannot be told here`);
      const { engine, settled } = await (way === "looks" ? look() : act());
      const given = committed ? args.map((arg) => (typeof arg === "function" ? ofBuild(arg as OnProgress) : arg)) : args;
      let failed = true;
      try {
        const answer = await (engine.operations[name as keyof Operations] as (...given: readonly unknown[]) => Promise<unknown>)(...given);
        failed = false;
        return answer;
      } finally {
        await engine.rest();
        if (way === "acts") {
          await settled?.(name).catch((error: unknown) => {
            // A release that failed is written down too; why it failed is what a person wants to hear.
            if (!failed) throw error;
          });
        }
      }
    };
    return [name, call] as const;
  });
  return {
    elsewhere: true,
    drift: async () => await (await look()).drift(),
    terminal: async (words, onStart) => {
      const { terminal } = await look();
      if (!terminal) throw untouched("a command cannot be run there");
      return await terminal(words, onStart);
    },
    ...(Object.fromEntries(calls) as unknown as Omit<Operations, "logs">),
    async *logs(query, signal) {
      if (committed) throw untouched("the log is not known here");
      yield* (await look()).engine.operations.logs(query, signal);
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [looking, acting]) await (await each?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

import { inventoryTarget, type KubernetesTarget, Problem, type ReleaseVersion } from "@douze/core";
import { Engine, inventoryFile, shellText, textOf } from "@douze/engine";
import {
  Cluster,
  checkAttached,
  type Drift,
  Kubernetes,
  kubeconfigAccess,
  Lock,
  namespace,
  namespaceOf,
  objectName,
  Parent,
  priorityClass,
  secretStore,
} from "@douze/kubernetes";
import { type Place, readManifest } from "./place.ts";
import { elsewhere, now, optionsElsewhere, releaseImage, remoteOf } from "./remote.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** @param onStart - told what the one-off is called, and of which release it is */
export type TerminalRun = (words: readonly string[], onStart: (run: string, release: ReleaseVersion) => void) => Promise<number>;

/** An environment in a cluster, with its engine in this process. */
export interface Environment extends AsyncDisposable {
  readonly engine: Engine;
  /** What there is not as the current release has it. */
  readonly drift: () => Promise<readonly Drift[]>;
  /** Runs a command there with this process's terminal. @returns its exit status */
  readonly terminal?: TerminalRun;
  /** What is left to do when something was changed, by the name of the operation. */
  readonly settled?: (operation: string) => Promise<void>;
}

export interface ClusterOptions {
  readonly place: Place;
  readonly env: Env;
  /** Who asks: `ana@laptop`. */
  readonly by: string;
  readonly target: KubernetesTarget;
  readonly looksOnly: boolean;
  /** Takes over fields that others have set. */
  readonly force: boolean;
  /** What a person should hear beside the answer. */
  readonly onNote: (text: string) => void;
}

/**
 * Opens an environment that runs in a cluster.
 *
 * @throws Problem cluster-unknown, cluster-unreachable, cluster-forbidden, cluster-locked, inventory-invalid, ledger-unreadable
 */
export async function openCluster(options: ClusterOptions): Promise<Environment> {
  const { place, env, by, target, looksOnly, force, onNote } = options;
  await using stack = new AsyncDisposableStack();
  const { app } = await readManifest(place.directory);
  const cluster = stack.use(new Cluster(await kubeconfigAccess(target.context), onNote));
  const own = namespaceOf(app, place.environment, target);
  let mayAct = (): void => undefined;
  if (!looksOnly) {
    if (target.manageNamespace) await cluster.apply(namespace({ namespace: own, release: { app }, target }));
    const lock = stack.use(await Lock.take(cluster, own, app, `${by}, pid ${process.pid}`, now, (holder) => hasEnded(holder, by)));
    mayAct = () => lock.lost.throwIfAborted();
  }
  const parent = await Parent.find(cluster, own, app);
  if (!looksOnly) await parent.ensure(app);
  const ledger = secretStore(cluster, own, app);
  let driver: Kubernetes | undefined;
  const remote = remoteOf({ place, env, app, target, ledger, maintenance: () => parent.state.maintenance, pushes: true });
  const engine = await Engine.open({
    ...optionsElsewhere(place, env, app),
    provider: {
      ...elsewhere,
      check: async (type, url, signal, timeoutMs = 10_000) =>
        await checkAttached({ cluster, namespace: own }, { url, type }, signal, timeoutMs),
    },
    key: parent.key,
    remote,
    drive: {
      looksOnly,
      open: async (runnable) =>
        await Kubernetes.open({
          cluster,
          app,
          namespace: own,
          target,
          runnable,
          image: releaseImage(ledger, target),
          nameKey: () => parent.nameKey,
          state: { read: () => parent.state, write: (state) => parent.write(state) },
          clock: now,
          held: () => mayAct(),
          force,
          onNote,
        }).then((opened) => {
          driver = stack.use(opened);
          return opened;
        }),
      addresses: () => target.hosts.map((host) => `https://${host}`),
      isolation: [`Kubernetes: namespace ${own} of ${cluster.server}`],
      onShutDown: () => {
        throw notStopped(place);
      },
    },
  });
  stack.use(engine);
  await engine.seen();
  const held = stack.move();
  const terminal: TerminalRun = async (words, onStart) => {
    const { current } = await engine.operations.status();
    if (current === undefined || !driver) throw noRelease(app, place);
    const run = remote.runName();
    onStart(run, current);
    const { stdin: input, stdout: output } = process;
    return await driver.terminal(current, { run, command: shellText(words), timeoutMs: terminalMs }, { input, output });
  };
  return { engine, terminal, drift: async () => (await driver?.drift()) ?? [], [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/**
 * Where an environment runs, read without the inventory's secrets: whoever only looks needs no key.
 *
 * @throws Problem target-elsewhere - on this machine
 */
export async function clusterTarget({ directory, environment }: Place): Promise<KubernetesTarget> {
  const file = inventoryFile(directory, environment);
  const target = inventoryTarget((await textOf(file)) ?? "{}", file);
  if (target.kind === "kubernetes") return target;
  throw new Problem({
    code: "target-elsewhere",
    what: `${environment} does not run in a cluster`,
    why: `inventory/${environment}.yaml does not say \`kind: kubernetes\` under \`target:\``,
    fix: "name another environment with `--env`, or describe the cluster there: docs/kubernetes.md",
  });
}

/**
 * Makes what belongs to no environment and is named by all.
 *
 * @returns names of the objects
 */
export async function prepareCluster(place: Place, onNote: (text: string) => void): Promise<readonly string[]> {
  const target = await clusterTarget(place);
  using cluster = new Cluster(await kubeconfigAccess(target.context), onNote);
  const objects = target.priorityClass === null ? [] : [priorityClass(target.priorityClass)];
  for (const object of objects) await cluster.apply(object);
  return objects.map(objectName);
}

/** Whether a command of the same person on this machine was cut off: nobody needs to wait for its lock to run out. */
function hasEnded(holder: string, by: string): boolean {
  const [, who, pid] = /^(.*), pid (\d+)$/.exec(holder) ?? [];
  if (who !== by || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** A terminal that was left open and forgotten ends some time, in milliseconds. */
const terminalMs = 24 * 3_600_000;

function noRelease(app: string, { environment }: Place): Problem {
  return new Problem({
    code: "no-release",
    what: `${app} has no release in ${environment} yet`,
    why: "commands run in the current release",
    fix: `\`douze deploy --env ${environment}\` makes the first one`,
  });
}

function notStopped({ environment }: Place): Problem {
  return new Problem({
    code: "target-unfit",
    what: `${environment} is not stopped as a whole`,
    why: "it runs in a cluster, which keeps up what was released",
    fix: "`douze scale web=0` ends processes of a type, and `douze scale web=2` starts them again",
  });
}

import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type AppName, gitopsFolder, type KubernetesTarget, Problem, versionName } from "@douze/core";
import { Engine, fileStore, inventoryFile, type LedgerKey, type LedgerStore } from "@douze/engine";
import {
  type Files,
  Folder,
  type LayoutIn,
  ledgerIn,
  MemoryShelf,
  memoryStore,
  namespaceOf,
  Repository,
  untouched,
} from "@douze/kubernetes";
import {
  changeFile,
  encryptManifest,
  type FileKey,
  fileKey,
  findIdentities,
  type Identity,
  identityOf,
  listSecrets,
  newIdentity,
  readSecrets,
  rotateFile,
} from "@douze/secrets";
import { holdLock } from "@douze/server";
import { checkout } from "./commit.ts";
import type { Environment } from "./open-cluster.ts";
import { type Place, readManifest } from "./place.ts";
import { now, optionsElsewhere, releaseImage, remoteOf } from "./remote.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface RepositoryIn {
  readonly place: Place;
  readonly env: Env;
  readonly target: KubernetesTarget;
  readonly gitops: LayoutIn["gitops"];
  readonly looksOnly: boolean;
  readonly onNote: (text: string) => void;
}

/**
 * Opens an environment whose releases are committed to a folder of a repository. The folder holds the files of the current release, and the
 * ledger beside them, sealed with a key that whoever can open the inventory can open.
 *
 * @throws Problem engine-running, inventory-invalid, ledger-unreadable, commit-failed
 */
export async function openRepository({ place, env, target, gitops, looksOnly, onNote }: RepositoryIn): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  const { app } = await readManifest(place.directory);
  if (!looksOnly) stack.use(await holdLock(place.paths.environment));
  const folder = resolve(place.directory, gitops.folder ?? gitopsFolder(place.environment));
  const { path, commit } = await checkout(folder);
  const keys = await keysOf(place, env);
  const keyFile = join(ledgerIn(folder), "key.yaml");
  if (!looksOnly) await shareKey(keyFile, keys);
  const key = (): Promise<Identity> => environmentKey(keyFile, keys, place);
  const hasKey = (await listSecrets(keyFile)).names.length > 0;
  const engine = await engineOn({
    ...{ place, env, app, target, gitops, looksOnly, onNote, path, keys, key },
    shelf: await Folder.open(folder),
    ledger: fileStore(ledgerIn(folder)),
    nameKey: hasKey ? nameKeyOf((await key()).secret) : new Uint8Array(),
    pushes: true,
  });
  stack.use(engine);
  await engine.seen();
  let before = (await engine.operations.status()).current;
  const held = stack.move();
  return {
    engine,
    drift: async () => {
      throw untouched("drift is not known here");
    },
    settled: async (operation) => {
      const { current } = await engine.operations.status();
      const made = current === undefined ? undefined : await engine.operations.release(current);
      const what = made && `${versionName(made.version)}: ${current === before ? (amendments[operation] ?? operation) : made.description}`;
      before = current;
      const committed = await commit(`${app} ${place.environment} ${what ?? operation}`);
      onNote(committed === undefined ? "nothing has changed" : `committed ${committed} in ${path}; \`git push\` sends it on its way`);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

export interface RenderWish {
  readonly ref?: string;
  readonly workingTree: boolean;
  readonly by: string;
  readonly onProgress: Parameters<Engine["operations"]["deploy"]>[1];
}

/**
 * The files of what would be released now; nothing is written, pushed or asked of a cluster.
 *
 * @param path - where the files will lie in a repository
 * @throws Problem config-missing, build-failed, target-unfit …
 */
export async function renderedFiles(
  { place, env, target, gitops }: Pick<RepositoryIn, "place" | "env" | "target" | "gitops">,
  path: string,
  { by, onProgress, ...what }: RenderWish,
): Promise<Files> {
  const { app } = await readManifest(place.directory);
  const keys = await keysOf(place, env);
  const shelf = new MemoryShelf();
  const identity = await newIdentity("memory");
  await using engine = await engineOn({
    ...{ place, env, app, target, gitops, path, keys, shelf },
    key: async () => identity,
    looksOnly: false,
    onNote: () => undefined,
    ledger: memoryStore(),
    nameKey: keys.inventory ? nameKeyOf(keys.inventory.dataKey.toString("hex")) : new Uint8Array(),
    pushes: false,
  });
  await engine.operations.deploy({ by, ...what }, onProgress);
  await engine.rest();
  return shelf.files;
}

/** What changes within a release, for the log of the repository. */
const amendments: Readonly<Record<string, string>> = { changeConfig: "change live config" };

interface Keys {
  readonly identities: readonly Identity[];
  /** What encrypts the inventory. Absent: it is not encrypted. */
  readonly inventory: FileKey | undefined;
}

async function keysOf({ directory, environment }: Place, env: Env): Promise<Keys> {
  const file = inventoryFile(directory, environment);
  const recipients = (await listSecrets(file)).recipients;
  const identities = recipients.length === 0 ? [] : await findIdentities(env, env["HOME"] ?? homedir());
  return { identities, inventory: recipients.length === 0 ? undefined : await fileKey(file, identities) };
}

interface EngineIn extends RepositoryIn {
  readonly app: AppName;
  readonly path: string;
  readonly keys: Keys;
  readonly key: LedgerKey;
  readonly shelf: Folder | MemoryShelf;
  readonly ledger: LedgerStore;
  readonly nameKey: Uint8Array;
  readonly pushes: boolean;
}

async function engineOn({ place, env, app, target, gitops, looksOnly, onNote, path, keys, key, shelf, ledger, nameKey, pushes }: EngineIn) {
  const encrypt = (secret: object): string => {
    if (!keys.inventory) throw encryptedToNobody(place);
    return encryptManifest(secret, keys.inventory);
  };
  return await Engine.open({
    ...optionsElsewhere(place, env, app),
    key,
    remote: remoteOf({ place, env, app, target, ledger, maintenance: () => shelf.state.target.maintenance, pushes }),
    drive: {
      looksOnly,
      open: async (runnable) =>
        new Repository({
          ...{ shelf, target, gitops, path, runnable, nameKey, encrypt, clock: now, onNote },
          image: releaseImage(ledger, target),
        }),
      addresses: () => target.hosts.map((host) => `https://${host}`),
      isolation: [`Kubernetes: namespace ${namespaceOf(app, place.environment, target)}, by way of ${path}`],
      onShutDown: () => {
        throw untouched(`${place.environment} is not stopped as a whole`);
      },
    },
  });
}

/** Makes the environment's own key where there is none, and gives it to whoever the inventory is encrypted to. */
async function shareKey(file: string, { identities, inventory }: Keys): Promise<void> {
  if (!inventory) return;
  const recipients = inventory.keys.map(({ recipient }) => recipient);
  const { names, recipients: before } = await listSecrets(file);
  if (names.length === 0) {
    await changeFile(file, identities, { set: { key: (await newIdentity(file)).secret } }, recipients);
  } else if ([...before].sort().join() !== [...recipients].sort().join()) {
    const add = recipients.filter((each) => !before.includes(each));
    await rotateFile(file, identities, { add, remove: before.filter((each) => !recipients.includes(each)) });
  }
}

async function environmentKey(file: string, { identities }: Keys, place: Place): Promise<Identity> {
  const { key } = (await readSecrets(file, identities)).secrets;
  if (key === undefined) throw encryptedToNobody(place);
  return identityOf(key, file);
}

function nameKeyOf(secret: string): Uint8Array {
  return createHash("sha256").update(`names of secrets\n${secret}`).digest();
}

function encryptedToNobody({ environment }: Place): Problem {
  return new Problem({
    code: "secrets-key-missing",
    what: `the secrets of ${environment} cannot be written to a repository`,
    why: `inventory/${environment}.yaml is encrypted to nobody, so nobody could open them there; URLs of resources count as secrets`,
    fix: `\`douze secrets init --env ${environment}\` makes a key and lets the inventory hold secrets`,
  });
}

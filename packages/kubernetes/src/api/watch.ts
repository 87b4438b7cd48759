import type { Cluster } from "./cluster.ts";
import { type Kind, pathOf } from "./kinds.ts";

/** Whatever has a name and a version. */
export interface Watched {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly resourceVersion?: string };
}

/** Which objects of a kind. */
export interface Selector {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** After a list or a watch that broke off, in milliseconds. */
const pauseMs = 1_000;

/** What a watch keeps, and whom it tells. */
export interface Watcher<T> {
  /** By name; changed in place. */
  readonly picture: Map<string, T>;
  /** Told after each change. */
  readonly changed: () => void;
  /** Given what was removed, as it was last. */
  readonly gone?: (object: T) => void;
}

/** Keeps a picture of all objects of a kind: listed, then watched, and listed anew where the watch lost the thread. */
export async function watch<T extends Watched>(
  cluster: Cluster,
  kind: Kind,
  namespace: string,
  selector: Selector,
  watcher: Watcher<T>,
  signal: AbortSignal,
): Promise<void> {
  const list = async (): Promise<string> => {
    const { items, version } = await cluster.list<T>(kind, namespace, selector);
    watcher.picture.clear();
    for (const item of items) watcher.picture.set(item.metadata.name, item);
    watcher.changed();
    return version;
  };
  let version: string | undefined = await list();
  while (!signal.aborted) {
    try {
      version ??= await list();
      version = await follow(cluster, kind, namespace, selector, version, watcher, signal);
    } catch {
      if (signal.aborted) return;
      // Unreachable for a while, or the thread was lost: what is there is asked for anew.
      version = undefined;
      await pause(signal);
    }
  }
}

/** @returns the version to go on from; nothing where the thread was lost */
async function follow<T extends Watched>(
  cluster: Cluster,
  kind: Kind,
  namespace: string,
  selector: Selector,
  from: string,
  { picture, changed, gone }: Watcher<T>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version = from;
  const query = { watch: "1", ...selector, resourceVersion: from, allowWatchBookmarks: "true", timeoutSeconds: "300" };
  for await (const line of cluster.lines(pathOf(kind, namespace), query, signal)) {
    if (line === "") continue;
    const { type, object } = JSON.parse(line) as WatchEvent<T>;
    if (type === "ERROR") return undefined;
    version = object.metadata.resourceVersion ?? version;
    if (type === "BOOKMARK") continue;
    if (type === "DELETED") {
      picture.delete(object.metadata.name);
      gone?.(object);
    } else picture.set(object.metadata.name, object);
    changed();
  }
  return version;
}

async function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, pauseMs);
  const end = (): void => resolve();
  signal.addEventListener("abort", end, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}

import { basename, relative, sep } from "node:path";
import { workingTreeDigest } from "@douze/build";
import type { Digest } from "@douze/core";

/** Editors write in bursts; a change is acted on when it has been quiet for so long, in milliseconds. */
const quietMs = 150;

/** Folders that hold nothing a person wrote, wherever they lie. */
const passedOver = new Set([".git", ".douze", "node_modules", ".venv", "__pycache__", ".next", "vendor", "target"]);

/**
 * Yields each time the codebase has become another one: what Git ignores does not count, nor does a file that was saved unchanged.
 *
 * @param folder - the app's
 */
export async function* codeChanges(folder: string, signal: AbortSignal): AsyncIterable<Digest> {
  const { watch } = await import("chokidar");
  let known = await workingTreeDigest(folder);
  let wake = Promise.withResolvers<void>();
  const ignored = (path: string): boolean =>
    relative(folder, path)
      .split(sep)
      .some((part) => passedOver.has(part)) && basename(path) !== ".";
  const watcher = watch(folder, { ignored, ignoreInitial: true });
  watcher.on("all", () => wake.resolve());
  const end = (): void => wake.resolve();
  signal.addEventListener("abort", end);
  try {
    while (!signal.aborted) {
      await wake.promise;
      await quiet(() => {
        wake = Promise.withResolvers<void>();
        if (signal.aborted) wake.resolve();
        return wake.promise;
      }, signal);
      if (signal.aborted) return;
      const now = await workingTreeDigest(folder);
      if (now === known) continue;
      known = now;
      yield now;
    }
  } finally {
    signal.removeEventListener("abort", end);
    await watcher.close();
  }
}

/** Resolves when nothing has happened for a moment. */
async function quiet(next: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<"quiet">();
    const timer = setTimeout(resolve, quietMs, "quiet");
    const first = await Promise.race([promise, next().then(() => "again" as const)]);
    clearTimeout(timer);
    if (first === "quiet" || signal.aborted) return;
  }
}

import { type FSWatcher, readdirSync, readFileSync, readlinkSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import type { LiveSource } from "./live-values.ts";
import type { Texts } from "./sources.ts";

/** Besides the kernel's word, which some file systems do not give, the folder is looked at so often, in milliseconds. */
const lookMs = 10_000;

/**
 * Files of a folder that is swapped whole by renaming its `..data`, as Kubernetes mounts a ConfigMap and Douze does everywhere. The folder is
 * watched and not its files: those are never written to.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
 */
export function liveFolder(folder: string): LiveSource {
  return {
    name: folder,
    initial: () => firstTexts(folder),
    watch(tell, flaw, signal) {
      const look = (): void => {
        try {
          tell(texts(folder));
        } catch (error) {
          // Swapped in the middle of it: the watcher says so next.
          if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) flaw(String(error));
        }
      };
      let watcher: FSWatcher | undefined;
      try {
        watcher = watch(folder, { persistent: false }, look);
        watcher.on("error", (error) => flaw(`${folder} cannot be watched (${String(error)}); it is looked at instead`));
      } catch (error) {
        flaw(`${folder} cannot be watched (${String(error)}); it is looked at instead`);
      }
      const timer = setInterval(look, lookMs).unref();
      signal.addEventListener(
        "abort",
        () => {
          watcher?.close();
          clearInterval(timer);
        },
        { once: true },
      );
      // What changed between the start and the watch.
      look();
    },
  };
}

/** All of one generation: the link is followed once, so that what is read belongs together. */
function texts(folder: string): Texts {
  const swapped = readdirSync(folder).includes("..data");
  const generation = swapped ? resolve(folder, readlinkSync(join(folder, "..data"))) : folder;
  const files = readdirSync(generation, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
  return Object.fromEntries(
    files.filter((entry) => !entry.isDirectory()).map(({ name }) => [name, readFileSync(join(generation, name), "utf8")]),
  );
}

/** The same at the start, when nobody says that it was swapped in the middle. */
function firstTexts(folder: string): Texts {
  for (let tries = 1; ; tries++) {
    try {
      return texts(folder);
    } catch (error) {
      if (tries === 10 || !(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

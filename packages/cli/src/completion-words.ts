import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { versionName } from "@douze/core/ids";
import { answers, connect } from "@douze/server/client";
import type { WordKind } from "./completion-script.ts";
import { controlSocket } from "./compose.ts";
import type { Context } from "./context.ts";

/** Names for a shell to complete: of a running engine, or of files. Never opens a state, and nothing when nobody answers at once. */
export async function completionWords(kind: WordKind, context: Context): Promise<readonly string[]> {
  // A shell expands the words it is given once more: a name from a codebase must not run there.
  return (await allWords(kind, context)).filter((word) => /^[A-Za-z0-9_.:@+-]+$/.test(word));
}

async function allWords(kind: WordKind, { place, env }: Context): Promise<readonly string[]> {
  const here = await place();
  if (kind === "environments") return await environments(here.directory, dirname(here.paths.environment));
  const socket = await controlSocket(here, env);
  if (socket === undefined || !(await answers(socket))) return [];
  const operations = connect(socket);
  switch (kind) {
    case "processes": {
      const running = await operations.processes();
      return [...new Set(running.flatMap(({ process, name }) => [process, name]))];
    }
    case "releases":
      return (await operations.releases()).map(({ version }) => versionName(version)).toReversed();
    case "keys":
      return (await operations.config()).map(({ key }) => key);
    case "resources":
      return (await operations.resources()).map(({ resource }) => resource);
    case "entries":
      return (await operations.cron()).map(({ entry }) => entry);
  }
}

async function environments(directory: string, states: string): Promise<string[]> {
  const [files, folders] = await Promise.all([names(join(directory, "inventory")), names(states)]);
  return [
    ...new Set([
      "development",
      ...files.filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -".yaml".length)),
      ...folders,
    ]),
  ];
}

async function names(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

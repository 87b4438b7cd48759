import { hostname, userInfo } from "node:os";
import { isatty } from "node:tty";
import type { Command } from "commander";
import type { Reached } from "./compose.ts";
import type { Place } from "./place.ts";
import { type Paper, paperOf } from "./print.ts";

/** What a command gets from its surroundings. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly paper: Paper;
  readonly json: boolean;
  /** Whether a person sits at both ends. */
  readonly interactive: boolean;
  /** Who asks, for the ledger: `ana@laptop`. */
  readonly by: string;
  place(): Promise<Place>;
  /** Of the app in a folder, in the environment that the command line names. */
  placeOf(folder: string): Promise<Place>;
  /** Calls the engine that runs, or opens the state in this process when none does. */
  ask<T>(work: (operations: Reached, place: Place) => Promise<T>, options?: AskOptions): Promise<T>;
  /** The same in another environment than the one the command line names. */
  askIn<T>(environment: string, work: (operations: Reached, place: Place) => Promise<T>, options?: AskOptions): Promise<T>;
}

export interface AskOptions {
  /** Takes over what others have changed in a cluster. Default false. */
  readonly force?: boolean;
}

export interface GlobalOptions {
  readonly dir?: string;
  readonly env?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

/** Reads the options that every command takes, wherever on the line they stand. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { env } = process;
  const asked = options.env ?? env["DOUZE_ENV"] ?? "development";
  const findIn = async (folder: string, environment: string): Promise<Place> => {
    const { findPlace } = await import("./place.ts");
    return await findPlace(folder, environment, env["DOUZE_STATE"]);
  };
  const placeIn = (environment: string): Promise<Place> => findIn(options.dir ?? process.cwd(), environment);
  const askIn: Context["askIn"] = async (environment, work, { force = false } = {}) => {
    const { operationsAt } = await import("./compose.ts");
    const here = await placeIn(environment);
    await using operations = await operationsAt(here, env, force);
    return await work(operations, here);
  };
  return {
    env,
    paper: paperOf(process, { noColour: options.color === false }),
    json: options.json === true,
    interactive: isatty(0) && isatty(1),
    by: `${userName()}@${hostname()}`,
    place: () => placeIn(asked),
    placeOf: (folder) => findIn(folder, asked),
    ask: (work, options) => askIn(asked, work, options),
    askIn,
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid that no account has.
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { type IsolationWay, inheritedSockets, isolationWays, openPort } from "@douze/local";
import { holdLock, runtimeDirectory } from "@douze/server";
import type { Context } from "../context.ts";
import { printFailure } from "../failure.ts";
import { localTarget } from "../local-target.ts";
import { defaultPort, inventoryOf } from "../open.ts";
import type { Place } from "../place.ts";
import { becomeHolder, engineFlags } from "./holder.ts";
import { type AskedPort, portsToOpen, routersFolder } from "./ports.ts";
import { serveEnvironments } from "./serving.ts";

export interface ServeOptions {
  /** For apps whose inventory names none. Default `PORT`, or 5000. */
  readonly port?: number;
  /** What becomes of the apps when this ends in order. Default `leave` where the sockets are somebody else's, who goes on to hold them. */
  readonly onStop?: "leave" | "stop";
  /** Shows what the apps write, too. */
  readonly logs: boolean;
}

/**
 * Runs the engine for several apps until it is told to stop. Without sockets that were handed over it opens the ports itself, and leaves
 * them with a process that outlives the engine.
 */
export async function serveApps(context: Context, places: readonly Place[], options: ServeOptions): Promise<void> {
  const { env } = context;
  const runtime = await runtimeDirectory(env["XDG_RUNTIME_DIR"], userInfo().uid);
  const preset = options.port ?? presetPort(env);
  const sockets = inheritedSockets(env, process.pid);
  const asked = await askedPorts(places, env);
  if (sockets.length === 0) return await openPorts(context, asked, preset, runtime);
  const onStop = options.onStop ?? (env["DOUZE_ON_STOP"] === "stop" ? "stop" : "leave");
  const isolation = { way: isolationWay(env), delegated: await isAllOfContainer() };
  await serveEnvironments(context, { sockets, asked, preset, runtime, onStop, logs: options.logs, isolation });
}

/** @throws Problem request-invalid - DOUZE_ISOLATION is something else */
function isolationWay({ DOUZE_ISOLATION: text = "auto" }: Context["env"]): IsolationWay {
  const way = isolationWays.find((each) => each === text);
  if (way) return way;
  throw new Problem({
    code: "request-invalid",
    what: `DOUZE_ISOLATION is ${JSON.stringify(text)}`,
    why: `it is one of ${isolationWays.join(", ")}`,
    fix: "set it to one, or unset it",
  });
}

/** Whether what holds the sockets, the engine's second parent, is process 1 of a container, where no systemd divides the groups. */
async function isAllOfContainer(): Promise<boolean> {
  if (existsSync("/run/systemd/system")) return false;
  const status = await readFile(`/proc/${process.ppid}/status`, "utf8");
  return process.ppid === 1 || /^PPid:\s+1$/m.test(status);
}

/** Those whose inventory can be read; of the others it is told why not. */
export async function askedPorts(places: readonly Place[], env: Context["env"]): Promise<readonly AskedPort<Place>[]> {
  const asked = await Promise.all(
    places.map(async (place) => {
      try {
        const { port, tls, hosts } = localTarget((await inventoryOf(place, env)()).inventory);
        return [{ of: place, name: place.directory, hosts, ...(port !== undefined && { port }), ...(tls && { tls }) }];
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        printFailure(error, false);
        return [];
      }
    }),
  );
  return asked.flat();
}

async function openPorts(context: Context, asked: readonly AskedPort<Place>[], preset: number, runtime: string): Promise<void> {
  const { env } = context;
  if (asked.length === 0) return;
  // Said here, before anything has begun; whoever is faster after this is found out by the engine.
  for (const { of } of asked) await (await holdLock(of.paths.environment))[Symbol.asyncDispose]();
  const ports = portsToOpen(asked, preset);
  const free = new Set<number>();
  for (const port of ports) if (await isFree(routersFolder(runtime, port))) free.add(port);
  const open = ports.map((port) => openPort(env["HOST"] ?? "", port, free.has(port)));
  const [program = "", ...words] = process.argv;
  const statusFile = join(runtime, `douze-serve-${process.pid}.status`);
  becomeHolder(open, [program, ...engineFlags, ...process.execArgv, ...words], statusFile, {
    ...env,
    DOUZE_ON_STOP: env["DOUZE_ON_STOP"] ?? "stop",
  });
}

/** Whether no engine has the port: what is there then is of processes that an engine has left, and goes on beside the new socket. */
async function isFree(folder: string): Promise<boolean> {
  try {
    await (await holdLock(folder))[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/**
 * Of apps whose inventory names none: `PORT`, or 5000.
 *
 * @throws Problem port-invalid
 */
export function presetPort(env: Context["env"]): number {
  const text = env["PORT"];
  if (text === undefined || text === "") return defaultPort;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new Problem({
    code: "port-invalid",
    what: `PORT is ${JSON.stringify(text)}, which is no port`,
    why: "a port is a whole number from 1 to 65535",
    fix: "set it to one, or unset it",
  });
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../../files.ts";
import { commandLine } from "../../proc.ts";
import { pause } from "../pause.ts";
import { type Postmaster, postmaster, servesData } from "../plan/postmaster.ts";
import { isAlive, lookMs, type ServerProcess, serverProcess } from "../server-process.ts";

/** What the server of a data folder has noted about itself. */
export function noted(data: string): Postmaster | undefined {
  const text = readIfThere(join(data, "postmaster.pid"));
  return text === undefined ? undefined : postmaster(text);
}

/**
 * The server that runs on the data, if any; one that is ending is waited for. A note that could be taken for that of a running
 * server, and is none, is removed.
 */
export async function findServer(data: string, signal: AbortSignal): Promise<ServerProcess | undefined> {
  const note = noted(data);
  if (!note) {
    // Cut off while it was written: the server refuses to start beside it.
    rmSync(join(data, "postmaster.pid"), { force: true });
    return undefined;
  }
  const server = serverProcess(note.pid);
  // Nobody has that pid: the server itself sees that, and also looks for shared memory that is still in use.
  if (!server) return undefined;
  if (!servesData(commandLine(note.pid), data)) {
    // The pid is someone else's by now, which the server would take for a server.
    rmSync(join(data, "postmaster.pid"), { force: true });
    return undefined;
  }
  if (note.status !== "stopping") return server;
  while (isAlive(server)) await pause(lookMs, signal);
  return undefined;
}

/**
 * Waits until a server takes connections.
 *
 * @param onLong - called once when it takes longer than some seconds
 * @returns whether it does; false when it has ended
 */
export async function untilReady(data: string, server: ServerProcess, signal: AbortSignal, onLong: () => void): Promise<boolean> {
  const startedAt = performance.now();
  let told = false;
  while (isAlive(server)) {
    const note = noted(data);
    if (note?.pid === server.pid && note.status === "ready") return true;
    if (!told && performance.now() - startedAt > longStartMs) {
      told = true;
      onLong();
    }
    await pause(lookMs, signal);
  }
  return false;
}

const longStartMs = 5_000;

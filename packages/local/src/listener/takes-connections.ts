import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { pids, procStat } from "../proc.ts";

/** A process that was handed the public socket, and one of its own beside it. Both listen from before its start. */
export interface Inheriting {
  /** Of its own socket, on the loopback. */
  readonly port: number;
  /** Number of its process group. */
  readonly group: number | undefined;
  /** Of the public socket; absent where this engine does not have it. */
  readonly publicInode: number | undefined;
}

const lookMs = 20;

/**
 * Whether a process takes connections. That one can be made says nothing, for the kernel makes it; that somebody has accepted it can be
 * seen. A program that takes one socket alone is ready when it waits for the public one.
 */
export async function takesConnections({ port, group, publicInode }: Inheriting, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const socket = connect({ host: "127.0.0.1", port, signal: until });
  // Whatever becomes of it, what counts is what can be seen.
  socket.on("error", () => undefined);
  try {
    while (!until.aborted) {
      if (isAccepted(socket, port) || (group !== undefined && publicInode !== undefined && waitsFor(group, publicInode))) return true;
      await setTimeout(lookMs, undefined, { signal: until }).catch(() => undefined);
    }
    return false;
  } finally {
    socket.destroy();
  }
}

/** Inode of the socket that is a descriptor of this process. */
export function socketInode(fd: number): number | undefined {
  return inodeIn(readlinkSync(`/proc/self/fd/${fd}`));
}

/** The other end of a connection has an inode once a process has it. */
function isAccepted({ localPort }: Socket, port: number): boolean {
  if (localPort === undefined) return false;
  const hex = (number: number): string => `:${number.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([, local, remote, , , , , , , inode]) => local?.endsWith(hex(port)) && remote?.endsWith(hex(localPort)) && inode !== "0");
}

/** Whether a process of the group has the socket in an epoll set, as the event loops of all languages do. */
function waitsFor(group: number, inode: number): boolean {
  const wanted = `ino:${inode.toString(16)} `;
  return pids().some((pid) => procStat(pid)?.group === group && epollSets(pid).some((text) => text.includes(wanted)));
}

function epollSets(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    const sets = readdirSync(folder).filter((fd) => readlinkSync(`${folder}/${fd}`) === "anon_inode:[eventpoll]");
    return sets.map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
  } catch (error) {
    // It has ended, has closed one of them meanwhile, or is another user's.
    if (error instanceof Error && "syscall" in error) return [];
    throw error;
  }
}

function inodeIn(link: string): number | undefined {
  const text = /^socket:\[(\d+)\]$/.exec(link)?.[1];
  return text === undefined ? undefined : Number(text);
}

import { readFileSync } from "node:fs";
import type { Listener } from "./orders.ts";

/** One row of the kernel's table of TCP sockets. */
export interface SocketRow {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: "listen" | "established" | "other";
  /** Bytes that nobody has read yet; of a listening socket, connections that nobody has accepted yet. */
  readonly unread: number;
  /** `0` while it belongs to no process: not accepted yet, or closed already. */
  readonly inode: string;
}

/** All TCP sockets of this network namespace. */
export function socketRows(): readonly SocketRow[] {
  return ["/proc/self/net/tcp", "/proc/self/net/tcp6"].flatMap((file) => rowsOf(readFileSync(file, "utf8")));
}

/** Pure. @see https://docs.kernel.org/networking/proc_net_tcp.html */
export function rowsOf(text: string): readonly SocketRow[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", remote = "", state, queues = "", , , , , inode = "0"] = line.trim().split(/\s+/);
      const [address = "", port] = local.split(":");
      if (port === undefined) return [];
      return [
        {
          localAddress: addressOf(address),
          localPort: Number.parseInt(port, 16),
          remotePort: Number.parseInt(remote.split(":")[1] ?? "0", 16),
          state: state === "0A" ? ("listen" as const) : state === "01" ? ("established" as const) : ("other" as const),
          unread: Number.parseInt(queues.split(":")[1] ?? "0", 16),
          inode,
        },
      ];
    });
}

export function listenersOf(rows: readonly SocketRow[]): readonly Listener[] {
  return rows
    .filter(({ state }) => state === "listen")
    .map(({ localAddress, localPort, inode, unread }) => ({ address: localAddress, port: localPort, inode, waiting: unread }));
}

/** The kernel writes 32-bit words as this machine keeps them: little-endian on all that Node runs on. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  return Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16)).join(":");
}

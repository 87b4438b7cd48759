import { readFileSync, readlinkSync } from "node:fs";
import { Problem } from "@douze/core";

/** A listening socket that this process has inherited. It is never opened here, only handed on. */
export interface PublicSocket {
  readonly fd: number;
  /** As bound: `0.0.0.0`, `127.0.0.1`, `::`. */
  readonly host: string;
  readonly port: number;
}

const firstFd = 3;

/**
 * The sockets that came with `LISTEN_FDS`, as systemd and `douze serve` hand them over. Which ports they are bound to is asked of the
 * kernel, so that no name has to agree with another.
 *
 * @param env - with `LISTEN_FDS` and, unless it is empty, a `LISTEN_PID` that is `pid`
 * @throws Problem listen-fds-invalid - one of them is no listening TCP socket
 * @see sd_listen_fds(3)
 */
export function inheritedSockets(env: Readonly<Record<string, string | undefined>>, pid: number): readonly PublicSocket[] {
  const count = Number(env["LISTEN_FDS"] ?? 0);
  if (!Number.isInteger(count) || count <= 0) return [];
  const meant = env["LISTEN_PID"];
  if (meant !== undefined && meant !== "" && Number(meant) !== pid) return [];
  const listening = new Map([...listeners("/proc/self/net/tcp", 4), ...listeners("/proc/self/net/tcp6", 6)]);
  return Array.from({ length: count }, (_, index) => {
    const fd = firstFd + index;
    const address = listening.get(linkOf(fd));
    if (address) return { fd, ...address };
    throw new Problem({
      code: "listen-fds-invalid",
      what: `descriptor ${fd}, which came with LISTEN_FDS=${count}, is no listening TCP socket`,
      why: "what starts the engine said that it hands over listening sockets",
      fix: "look at the socket unit, or unset LISTEN_FDS to have the engine open its ports itself",
    });
  });
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

function listeners(file: string, family: 4 | 6): readonly (readonly [string, { readonly host: string; readonly port: number }])[] {
  return textOf(file)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .map((fields) => {
      const [address = "", port = ""] = (fields[1] ?? "").split(":");
      return [`socket:[${fields[9]}]`, { host: family === 4 ? ipv4(address) : ipv6(address), port: Number.parseInt(port, 16) }] as const;
    });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** The kernel writes addresses as numbers in its own byte order: the last byte first. */
function ipv4(hex: string): string {
  return Buffer.from(hex, "hex").reverse().join(".");
}

function ipv6(hex: string): string {
  const words = Array.from({ length: 4 }, (_, index) => Buffer.from(hex.slice(index * 8, index * 8 + 8), "hex").reverse());
  const bytes = Buffer.concat(words);
  if (bytes.every((byte) => byte === 0)) return "::";
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(":");
}

import { join } from "node:path";
import { Problem, type Tls } from "@douze/core";
import type { PublicSocket } from "@douze/local";

/** The public port that an app's inventory asks for; absent where it leaves that to whatever runs it. */
export interface AskedPort<T> {
  readonly of: T;
  /** For people. */
  readonly name: string;
  readonly port?: number;
  /** Host names that it asks for. */
  readonly hosts: readonly string[];
  /** Absent: plain HTTP. */
  readonly tls?: Tls;
}

/** The ports to open for apps, each once, in order. Pure. */
export function portsToOpen(asked: readonly AskedPort<unknown>[], preset: number): readonly number[] {
  const ports = asked.flatMap(({ port, tls }) => [port ?? preset, ...(tls?.redirectPort === undefined ? [] : [tls.redirectPort])]);
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/**
 * Which apps are behind which socket. One that asks for no port gets the preset one, or the only one there is. Pure.
 *
 * @returns `without` has those for whose port there is no socket
 */
export function behind<T>(
  sockets: readonly PublicSocket[],
  asked: readonly AskedPort<T>[],
  preset: number,
): {
  readonly fronts: ReadonlyMap<PublicSocket, readonly AskedPort<T>[]>;
  readonly without: readonly { readonly of: T; readonly problem: Problem }[];
} {
  const fronts = new Map<PublicSocket, AskedPort<T>[]>();
  const without: { readonly of: T; readonly problem: Problem }[] = [];
  const byPort = (port: number): PublicSocket | undefined => sockets.find((socket) => socket.port === port);
  for (const app of asked) {
    const { of, name, port } = app;
    const socket = port === undefined ? (byPort(preset) ?? (sockets.length === 1 ? sockets[0] : undefined)) : byPort(port);
    if (!socket) without.push({ of, problem: notHandedOver(name, port ?? preset, sockets) });
    else fronts.set(socket, [...(fronts.get(socket) ?? []), app]);
  }
  return { fronts, without };
}

function notHandedOver(name: string, port: number, sockets: readonly PublicSocket[]): Problem {
  return new Problem({
    code: "port-not-handed-over",
    what: `${name} is for port ${port}, and there is no socket for it`,
    why: `the sockets that were handed over are for ${sockets.map((socket) => socket.port).join(", ")}`,
    fix: `add \`ListenStream=${port}\` to the socket unit and start it again, or end and start \`douze serve\`; or set another \`target.port\` in the inventory`,
  });
}

/** Where the control sockets of a public port's routers are; who holds the folder's lock is the port's engine. */
export function routersFolder(runtime: string, port: number): string {
  return join(runtime, `douze-${port}`);
}

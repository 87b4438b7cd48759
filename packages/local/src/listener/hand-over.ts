import { join } from "node:path";
import type { SocketWay } from "@douze/core";
import { openPort } from "./open-port.ts";

/** What a process is started with so that it can take connections of the public socket itself. */
export interface HandOver {
  /** Descriptors of the process, by their number there, and which of ours each is. */
  readonly fds: ReadonlyMap<number, number>;
  readonly env: Readonly<Record<string, string>>;
  /** Where a Node program can be told to accept. */
  readonly gate?: string;
  /** It accepts as soon as it listens. */
  readonly inherits: boolean;
  /** To be called when the process was started. */
  readonly close: () => void;
}

/**
 * Descriptors of the public socket in a Node program: one is used up each time it stops accepting. So high that a gap lies below them:
 * a Node process closes what it has inherited for its children only up to the first gap, and so they reach `npm start`'s child.
 */
const firstGateFd = 63;
const lastGateFd = 70;
/** As systemd numbers them. */
const firstInheritedFd = 3;

/** @param preload - the file that a Node program is to load first */
export function gateHandOver(publicFd: number, preload: string, tmp: string, nodeOptions: string | undefined): HandOver {
  const gate = join(tmp, "gate");
  const count = lastGateFd - firstGateFd + 1;
  const own = `--require=${JSON.stringify(preload)}`;
  return {
    fds: new Map(Array.from({ length: count }, (_, index) => [firstGateFd + index, publicFd])),
    env: {
      DOUZE_GATE: gate,
      DOUZE_GATE_FDS: `${firstGateFd}-${lastGateFd}`,
      NODE_OPTIONS: nodeOptions ? `${nodeOptions} ${own}` : own,
    },
    gate,
    inherits: false,
    close: () => undefined,
  };
}

/**
 * The public socket, and beside it one of the process's own on its private port: that the process takes connections there says that
 * this one, of all that share the public socket, is ready. Both listen already, as programs expect of what they are handed.
 */
export function inheritedHandOver(publicFd: number, port: number): HandOver {
  const own = openPort("127.0.0.1", port, false);
  return {
    fds: new Map([
      [firstInheritedFd, publicFd],
      [firstInheritedFd + 1, own.fd],
    ]),
    env: { LISTEN_FDS: "2" },
    inherits: true,
    close: () => own.close(),
  };
}

export function handOver(
  way: SocketWay | undefined,
  {
    publicFd,
    port,
    preload,
    tmp,
    nodeOptions,
  }: {
    readonly publicFd: number;
    readonly port: number;
    readonly preload: string;
    readonly tmp: string;
    readonly nodeOptions: string | undefined;
  },
): HandOver | undefined {
  if (way === "route") return undefined;
  return way === "inherit" ? inheritedHandOver(publicFd, port) : gateHandOver(publicFd, preload, tmp, nodeOptions);
}

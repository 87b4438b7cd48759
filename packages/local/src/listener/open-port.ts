import net from "node:net";
import { getSystemErrorName } from "node:util";
import { portProblem } from "../router/port-problem.ts";

/** A socket that listens, and that this process never accepts from: it is to be handed on at once. */
export interface OpenPort {
  readonly fd: number;
  /** Lets go of it here. */
  close(): void;
}

interface Handle extends OpenPort {
  listen(backlog: number): number;
}

/** Of libuv: sockets of one user may share a port. */
const reusePort = 2;
const backlog = 1024;

/**
 * Opens a public port. Connections wait in the kernel until somebody accepts them. Hand it on and close it in the same turn, or this
 * process takes connections that it does not answer.
 *
 * @param host - an address; empty is all of them
 * @param share - with other sockets of this user on the port: what processes of an earlier engine have left
 * @throws Problem port-taken, port-forbidden
 */
export function openPort(host: string, port: number, share: boolean): OpenPort {
  // The socket itself can always be shared: this one finds out whether it need be.
  if (!share) bind(host, port, 0).close();
  const bound = bind(host, port, reusePort);
  const status = bound.listen(backlog);
  if (status === 0) return bound;
  bound.close();
  throw portProblem(systemError(status), { host, port });
}

function bind(host: string, port: number, flags: number): Handle {
  const all = host === "";
  const bound = create(all ? "::" : host, port, all || net.isIPv6(host) ? 6 : 4, undefined, flags);
  if (typeof bound !== "number") return bound;
  const error = systemError(bound);
  // A machine without IPv6 has the other one.
  if (all && ["EAFNOSUPPORT", "EADDRNOTAVAIL", "EINVAL"].includes(error.code ?? "")) return bind("0.0.0.0", port, flags);
  throw portProblem(error, { host, port });
}

function systemError(status: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(code), { code });
}

/** Node binds without accepting for its cluster, and exports the way under this name. */
const create = (
  net as unknown as {
    _createServerHandle: (address: string, port: number, family: number, fd: undefined, flags: number) => Handle | number;
  }
)._createServerHandle;

import { Problem } from "../problem.ts";
import type { ServeOptions } from "./serve.ts";

/** Where a server listens, as `listen` takes it. */
export type Listening = { readonly fd: number } | { readonly port: number; readonly host?: string };

/**
 * The first inherited socket where one was handed over to this process, and the port otherwise. Pure.
 *
 * @throws Problem config-invalid - `PORT` is none
 * @see sd_listen_fds(3)
 */
export function listeningPlace(
  { port, host }: Pick<ServeOptions, "port" | "host">,
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): Listening {
  const own = env["LISTEN_PID"] === undefined || env["LISTEN_PID"] === "" || env["LISTEN_PID"] === String(pid);
  if (port === undefined && own && Number(env["LISTEN_FDS"]) >= 1) return { fd: 3 };
  const chosen = host ?? env["HOST"];
  return { port: port ?? portOf(env["PORT"]), ...(chosen && { host: chosen }) };
}

function portOf(text = "3000"): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Problem({
    code: "config-invalid",
    what: "PORT is no port",
    why: "it is not a whole number from 0 to 65535",
    fix: "set it to one, or unset it for 3000",
  });
}

import type { ServeOptions } from "./serve.ts";

/** Where a server listens, as `listen` takes it. */
export type Listening = { readonly fd: number } | { readonly port: number; readonly host?: string };

/**
 * The first inherited socket where one was handed over to this process, and the port otherwise. Pure.
 *
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
  return { port: port ?? Number(env["PORT"] ?? 3000), ...(chosen && { host: chosen }) };
}

import type { ServerSettings } from "../resource-folder.ts";
import { appName } from "./cluster.ts";

/**
 * The server's arguments: they win over whatever the data folder's own files say. No Unix socket: its path may be too long, and
 * every client takes the port.
 */
export function serverArgs(data: string, port: number): readonly string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 100,
    shared_buffers: "64MB",
    fsync: "on",
    wal_level: "replica",
    log_destination: "stderr",
    logging_collector: "off",
    log_checkpoints: "off",
    log_line_prefix: "%m [%p] ",
  };
  return ["-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])];
}

export function postgresUrl({ port, password }: ServerSettings): string {
  return `postgres://${appName}:${password}@127.0.0.1:${port}/${appName}`;
}

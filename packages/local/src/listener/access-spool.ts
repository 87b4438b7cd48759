import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { LogStore } from "../logs/store.ts";

/** The access lines of one app, from a router that is a process of its own into the app's log. */
export interface AccessSpool extends AsyncDisposable {
  /** Where the router is to append them. */
  readonly path: string;
}

/** @param directory - of the environment: lines that were written while no engine ran are taken from there */
export function accessSpool(directory: string, logs: LogStore): AccessSpool {
  const folder = join(directory, "router");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [stdout, stderr] = [join(folder, "access.log"), join(folder, "error.log")];
  for (const path of [stdout, stderr]) closeSync(openSync(path, "a", 0o600));
  const attached = logs.attach({ id: "router", process: "router", release: "", stdout, stderr });
  return { path: stdout, [Symbol.asyncDispose]: () => attached.stop() };
}

import type { RequestPath } from "@douze/core";
import type { Crashes } from "./logs/crash.ts";
import type { LogStore } from "./logs/store.ts";
import type { Router } from "./router/router.ts";

/** What the driver needs of the router, or of what decides between it and the processes; several drivers may share it. */
export interface RoutePort extends Pick<Router, "route" | "remove" | "drained" | "goodbye"> {
  /** Through what a target gets its requests; absent where it is always the router. */
  pathOf?(target: string): RequestPath;
}

/** What the driver needs of the log store. */
export type LogPort = Pick<LogStore, "attach" | "append" | "read" | "lastLines" | "mask">;

/** Where crash bundles are kept. */
export type CrashPort = Pick<Crashes, "save" | "list">;

import type { Crashes } from "./logs/crash.ts";
import type { LogStore } from "./logs/store.ts";
import type { Router } from "./router/router.ts";

/** What the driver needs of the router, which several drivers may share. */
export type RoutePort = Pick<Router, "route" | "remove" | "inFlight" | "drained" | "goodbye">;

/** What the driver needs of the log store. */
export type LogPort = Pick<LogStore, "attach" | "append" | "read" | "lastLines" | "mask">;

/** Where crash bundles are kept. */
export type CrashPort = Pick<Crashes, "save" | "list">;

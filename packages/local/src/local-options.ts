import type { AppName, Instant } from "@douze/core";
import type { RunnableSource } from "@douze/engine";
import type { Isolation } from "./isolation/isolation.ts";
import type { CrashPort, LogPort, RoutePort } from "./seams.ts";

export interface LocalOptions {
  /** The environment's own folder. The caller holds its lock: two drivers in it would end each other's processes. */
  readonly directory: string;
  readonly app: AppName;
  readonly runnable: RunnableSource;
  readonly router: RoutePort;
  readonly logs: LogPort;
  readonly crashes: CrashPort;
  /** Host names whose requests are the app's. */
  readonly hosts: readonly string[];
  /** Whether it also gets those for hosts that nobody claims. */
  readonly fallback: boolean;
  /** Descriptor of the public socket, for the processes to take connections from it themselves. Default: only the router does. */
  readonly publicFd?: number;
  /** The file for the app's access lines, where the router is a process of its own. */
  readonly access?: string;
  /** What stands between the processes and the rest of the machine. Default nothing. */
  readonly isolation?: Isolation;
  /** Default the machine's. */
  readonly clock?: () => Instant;
  /** Called now and then while nothing waits for a time to come. Default: nobody asks. */
  readonly onRest?: () => void;
  /** From 0 up to 1. Default `Math.random`. */
  readonly chance?: () => number;
  /**
   * How long requests in flight may hold up a process's SIGTERM, in milliseconds; never longer than its grace. Default 10_000.
   * What takes longer can still be finished after SIGTERM, within the grace.
   */
  readonly drainMs?: number;
  /** How often memory is measured, in milliseconds. Default 2_000. */
  readonly memoryIntervalMs?: number;
}

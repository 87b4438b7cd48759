import type { AppName, Instant } from "@douze/core";
import type { FreePorts } from "./free-port.ts";
import type { Isolation } from "./isolation/isolation.ts";
import type { Releases } from "./releases.ts";
import type { CrashPort, LogPort, RoutePort } from "./seams.ts";
import type { Wanted } from "./wanted.ts";

/** What the parts of a local driver share: one environment of one app on this machine. */
export interface Site {
  readonly app: AppName;
  readonly hosts: readonly string[];
  readonly fallback: boolean;
  /** Absent: all requests come by the router. */
  readonly handOver?: {
    /** Descriptor of the public socket. */
    readonly fd: number;
    /** File that Node programs load first. */
    readonly preload: string;
  };
  /** The file for the app's access lines, where the router is a process of its own. */
  readonly access?: string;
  readonly isolation: Isolation;
  /** One folder for each start of a process. */
  readonly runDirectory: string;
  /** Of the machine's present start. */
  readonly bootId: string;
  /** How long requests in flight may hold up SIGTERM, in milliseconds. */
  readonly drainMs: number;
  readonly clock: () => Instant;
  /** From 0 up to 1. */
  readonly chance: () => number;
  readonly ports: FreePorts;
  readonly releases: Releases;
  readonly wanted: Wanted;
  readonly router: RoutePort;
  readonly logs: LogPort;
  readonly crashes: CrashPort;
  /** Tells those who read the logs. */
  readonly note: (text: string) => void;
  /** Tells them of an error of the world that is got over; one of our own ends the driver. */
  readonly trouble: (error: unknown) => void;
  /** What is observed may be different. */
  readonly changed: () => void;
  /** A defect: the driver cannot go on. */
  readonly fail: (error: unknown) => void;
  /** Aborts when the driver lets go. */
  readonly closing: AbortSignal;
}

/** How long to wait before a thing that the world refused is tried again, in milliseconds. */
export const retryMs = 5_000;

/** What people are told of an error that is not a defect; rethrows one that is. */
export function troubleText(error: unknown): string {
  if (error instanceof Error && "code" in error && !String(error.code).startsWith("ERR_")) return error.message;
  throw error;
}

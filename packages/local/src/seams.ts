import type { AppName, LogLine, LogQuery } from "@douze/core";
import type { CrashBundle } from "@douze/engine";

/** What the driver needs of the router. Several drivers may share one. */
export interface RoutePort {
  /** Replaces what it knows of the app, at once: the next request goes by the new table. */
  route(table: RouteTable): void;
  remove(app: AppName): void;
  /** Requests, streams and upgraded connections that the target has not finished. */
  inFlight(target: string): number;
  /** Resolves when a target that is no longer in the table has nothing in flight; at once for one it does not know. */
  drained(target: string): Promise<void>;
  /** Ends the connections that would not end by themselves, spread over a time so that their clients do not return in one wave. */
  goodbye(target: string, spreadMs: number): void;
}

export interface RouteTable {
  readonly app: AppName;
  /** Host names; a request for any other goes to the app that is the fallback. */
  readonly hosts: readonly string[];
  readonly fallback: boolean;
  readonly targets: readonly { readonly name: string; readonly port: number }[];
  /** Answer 503 with the maintenance page. */
  readonly maintenance: boolean;
}

/** What the driver needs of the log store. */
export interface LogPort {
  attach(spool: SpoolFiles): FollowedSpool;
  append(process: string, release: string, stream: "stdout" | "stderr", text: string): void;
  read(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  lastLines(process: string, release: string, count: number): Promise<readonly LogLine[]>;
  mask(values: readonly string[]): void;
}

export interface SpoolFiles {
  readonly id: string;
  readonly process: string;
  readonly release: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FollowedSpool {
  finish(): Promise<void>;
  stop(): Promise<void>;
}

/** Where crash bundles are kept. */
export interface CrashPort {
  save(bundle: CrashBundle): Promise<void>;
  list(process?: string): Promise<readonly CrashBundle[]>;
}

import type { ResourceType } from "@douze/core";

/** Runs and looks after backing services for one environment. */
export interface Provider extends AsyncDisposable {
  /** Whether a resource of this type can be provided here without a URL. */
  provides(type: ResourceType): boolean;
  /**
   * Starts the server for a resource, or finds it running; its data are kept. Returns when it accepts connections. Idempotent.
   *
   * @throws Problem resource-not-installed, resource-unavailable, resource-data-version
   */
  provision(resource: string, type: ResourceType, signal: AbortSignal): Promise<{ readonly url: string }>;
  /**
   * Tries to reach a resource, with retry and back-off. Never throws for one that is unreachable.
   *
   * @param timeoutMs - milliseconds; default 10_000
   */
  check(type: ResourceType, url: string, signal: AbortSignal, timeoutMs?: number): Promise<Reachability>;
  /** @param directory - where the file is put; it exists */
  backup(
    resource: string,
    type: ResourceType,
    url: string,
    kind: "embedded" | "url",
    directory: string,
  ): Promise<{ readonly file: string; readonly sizeBytes: number }>;
  /** Puts a backup in place of the present data; on any failure the present data are back. */
  restore(resource: string, type: ResourceType, url: string, kind: "embedded" | "url", file: string): Promise<void>;
}

export interface Reachability {
  readonly reachable: boolean;
  /** What a person should know: version of the server, or why it cannot be reached. Never a password. */
  readonly detail: string;
  readonly latencyMs?: number;
}

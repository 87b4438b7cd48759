/** Bounds of the router. Lengths in bytes, times in milliseconds. */
export interface Limits {
  /** One line of a request's head: 414 for the request line, 431 for a header. Default 8 KiB. */
  readonly lineBytes: number;
  /** The whole head. Default 64 KiB. */
  readonly headBytes: number;
  readonly headerCount: number;
  /** From the first byte of a head to its last. Default 10 s. */
  readonly headMs: number;
  /** Between two requests of one connection. Default 90 s; an app should wait longer. */
  readonly idleMs: number;
  /** To reach a process. Default 5 s. */
  readonly connectMs: number;
  /** From the end of the request to the first byte of the response. Default 30 s. */
  readonly firstByteMs: number;
  /** Between two bytes of a body, either way. Default 55 s. */
  readonly quietMs: number;
  /** The same of an upgraded connection. Default 10 min. */
  readonly tunnelQuietMs: number;
  /** Connections of clients at once; more are closed at once. Default 10_000. */
  readonly connections: number;
}

export const defaultLimits: Limits = {
  lineBytes: 8 * 1024,
  headBytes: 64 * 1024,
  headerCount: 100,
  headMs: 10_000,
  idleMs: 90_000,
  connectMs: 5_000,
  firstByteMs: 30_000,
  quietMs: 55_000,
  tunnelQuietMs: 600_000,
  connections: 10_000,
};

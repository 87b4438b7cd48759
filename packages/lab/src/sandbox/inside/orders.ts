/**
 * What the lab asks of its agent, the process that lives in a sandbox's network namespace, and what it answers. All of it is plain data,
 * told over Node's own channel between a process and its child.
 */

/** A request as it is sent; a body makes it a POST by default. */
export interface Request {
  readonly port: number;
  /** Default 127.0.0.1: every IPv4 address is the sandbox's own. */
  readonly address?: string;
  /** Default GET, or POST with a body. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Until the whole answer is there, in milliseconds. Default 10_000. */
  readonly timeoutMs?: number;
}

/** A whole answer, or why there is none. */
export type Answer =
  | {
      readonly ok: true;
      readonly status: number;
      /** Names in lower case; values that came more than once, as they came. */
      readonly headers: Readonly<Record<string, readonly string[]>>;
      /** The first mebibyte. */
      readonly body: string;
      readonly tookMs: number;
    }
  | { readonly ok: false; readonly error: string; readonly tookMs: number };

export type Fault =
  | { readonly mode: "pass" }
  /** Each answer of the service waits so long. */
  | { readonly mode: "latency"; readonly ms: number }
  /** Connections are reset, and new ones refused. */
  | { readonly mode: "cut" }
  /** Connections are accepted, and nothing is ever answered. */
  | { readonly mode: "silent" };

/** What went through a proxy since it was opened. */
export interface Traffic {
  readonly connections: number;
  readonly open: number;
  readonly bytesToService: number;
  readonly bytesFromService: number;
}

/** Somebody outside whom the app tried to reach. */
export interface Egress {
  readonly at: number;
  /** What was asked of the name server, or the address where none was. */
  readonly host: string;
  /** Absent for a name that was only looked up. */
  readonly port?: number;
  /** As told by its first bytes: `tls`, `http`, `postgres`, `redis`, `amqp`, `mongodb` … */
  readonly protocol?: string;
}

export interface LoadOptions {
  readonly port: number;
  readonly paths: readonly string[];
  readonly clients: number;
  /** Whether a client keeps its connection for the next request. */
  readonly keepAlive: boolean;
  /** Between an answer and the next request, in milliseconds. */
  readonly pauseMs: number;
  /** Clients begin so long after one another, in milliseconds. */
  readonly staggerMs: number;
  /** A request that takes longer is given up, in milliseconds. */
  readonly timeoutMs: number;
  /** After the signal, whether connections that exist are used for new requests. A good router does not. */
  readonly reuseAfterSignal: boolean;
}

/** One request of a load, with when its parts happened, in milliseconds since the epoch. */
export interface RequestRecord {
  readonly client: number;
  readonly path: string;
  readonly reused: boolean;
  readonly sentAt: number;
  readonly localPort: number;
  readonly firstByteAt?: number;
  readonly doneAt?: number;
  readonly status?: number;
  readonly bytes: number;
  /** `refused`, `reset`, `closed`, `timeout` … where there is no whole answer. */
  readonly failed?: string;
  /** Set at the moment of a signal: whether the app had the request, as the kernel tells. */
  readonly atSignal?: "read" | "unread";
}

export interface StrikeOptions {
  readonly load: number;
  /** The processes that get the signal, as the machine numbers them; a negative number is a group. */
  readonly pids: readonly number[];
  readonly signal: NodeJS.Signals;
  /** How many requests must have been read by the app and be young. */
  readonly atLeast: number;
  /** A request is young from `youngMs[0]` to `youngMs[1]` after it was sent. */
  readonly youngMs: readonly [number, number];
  readonly patienceMs: number;
}

export type Strike =
  | { readonly struck: true; readonly at: number; readonly read: number; readonly unread: number; readonly waiting: number }
  | { readonly struck: false; readonly most: number };

/** A socket that listens. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
  /** Connections that nobody has accepted yet. */
  readonly waiting: number;
}

export interface IdleRecord {
  readonly closedAt?: number;
}

/** Orders by name, each with what goes in and what comes out. */
export interface Orders {
  name: { readonly in: { readonly name: string; readonly address: string }; readonly out: undefined };
  proxy: {
    readonly in: { readonly proxy: string; readonly address: string; readonly port: number; readonly socket: string };
    readonly out: undefined;
  };
  fault: { readonly in: { readonly proxy: string; readonly fault: Fault }; readonly out: undefined };
  traffic: { readonly in: { readonly proxy: string }; readonly out: Traffic };
  /** What the app has sent to a service so far, each connection in base64; the first mebibyte of all. */
  heard: { readonly in: { readonly proxy: string }; readonly out: readonly string[] };
  ask: { readonly in: Request; readonly out: Answer };
  load: { readonly in: LoadOptions; readonly out: number };
  /** Ends a load: no new requests, those in flight are waited for; `graceMs` at most. */
  unload: { readonly in: { readonly load: number; readonly graceMs: number }; readonly out: readonly RequestRecord[] };
  strike: { readonly in: StrikeOptions; readonly out: Strike };
  /** Opens connections that have had one answer, and keeps them open. */
  idle: { readonly in: { readonly port: number; readonly path: string; readonly count: number }; readonly out: number };
  idled: { readonly in: { readonly idle: number }; readonly out: readonly IdleRecord[] };
  listeners: { readonly in: undefined; readonly out: readonly Listener[] };
  egress: { readonly in: undefined; readonly out: readonly Egress[] };
}

export type OrderName = keyof Orders;

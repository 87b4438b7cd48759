import { setTimeout } from "node:timers/promises";
import { log } from "../log/log.ts";
import { Problem } from "../problem.ts";
import { onStop, stopping } from "../stop/stop.ts";
import { backoffMs } from "./backoff.ts";
import { addHealthCheck } from "./health.ts";

export interface ResourceDeclaration<Client> {
  /** `db`: for messages, readiness and metrics. */
  readonly name: string;
  /** Makes a client that works, or rejects. */
  readonly connect: (signal: AbortSignal) => Promise<Client>;
  /** Rejects when it does not answer. Absent: it does not count for readiness. */
  readonly check?: (client: Client, signal: AbortSignal) => Promise<void>;
  readonly close: (client: Client) => Promise<void>;
  /** Whether another try may help. Default: always. */
  readonly mayRetry?: (error: unknown) => boolean;
  /** How long a first use waits for the resource, in milliseconds. Default 10_000. */
  readonly waitMs?: number;
}

/** A backing service: connected when it is first used, tried again while it is away, closed in order at the end. */
export interface Resource<Client> extends AsyncDisposable {
  readonly name: string;
  /**
   * @throws Problem resource-unreachable - it could not be reached in `waitMs`
   */
  client(): Promise<Client>;
}

/**
 * Attaches any backing service in the way that `postgres` and `redis` are attached.
 *
 * @see https://12factor.net/backing-services
 */
export function resource<Client>(declared: ResourceDeclaration<Client>): Resource<Client> {
  return new AttachedResource(declared);
}

class AttachedResource<Client> implements Resource<Client> {
  readonly #declared: ResourceDeclaration<Client>;
  readonly #giveBack: readonly (() => void)[];
  #client: Promise<Client> | undefined;
  #closed = false;

  constructor(declared: ResourceDeclaration<Client>) {
    this.#declared = declared;
    const { name, check } = declared;
    this.#giveBack = [
      onStop("close", name, () => this[Symbol.asyncDispose]()),
      ...(check ? [addHealthCheck({ name, check: async (signal) => await check(await this.client(), signal) })] : []),
    ];
  }

  get name(): string {
    return this.#declared.name;
  }

  client(): Promise<Client> {
    if (this.#closed) return Promise.reject(new Error(`${this.name} is closed`));
    if (this.#client === undefined) {
      const client = this.#connect();
      this.#client = client;
      // The next to ask begins anew.
      client.catch(() => {
        if (this.#client === client) this.#client = undefined;
      });
    }
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { name, connect, waitMs = 10_000, mayRetry = () => true } = this.#declared;
    const signal = AbortSignal.any([AbortSignal.timeout(waitMs), stopping]);
    for (let tries = 1; ; tries++) {
      try {
        return await connect(signal);
      } catch (error) {
        const pauseMs = backoffMs(tries, Math.random());
        if (signal.aborted || !mayRetry(error)) throw unreachable(name, waitMs, error);
        log.warn("a resource cannot be reached; it is tried again", {
          resource: name,
          tries,
          pauseMs: Math.round(pauseMs),
          why: reason(error),
        });
        await setTimeout(pauseMs, undefined, { signal }).catch(() => {
          throw unreachable(name, waitMs, error);
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const giveBack of this.#giveBack) giveBack();
    const client = await this.#client?.catch(() => undefined);
    if (client !== undefined) await this.#declared.close(client);
  }
}

/** A code where there is one: messages of clients may hold addresses and passwords. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.name : "unknown";
}

function unreachable(name: string, waitMs: number, cause: unknown): Problem {
  return new Problem({
    code: "resource-unreachable",
    what: `${name} could not be reached`,
    why: `${reason(cause)}, for ${waitMs / 1000} s`,
    fix: "see whether the service runs and whether its URL is right",
    cause,
  });
}

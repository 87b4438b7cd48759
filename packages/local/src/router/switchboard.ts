import { InFlight } from "./in-flight.ts";
import type { Limits } from "./limits.ts";
import { Pool } from "./pool.ts";
import { pick, RouteTable, type Target } from "./routes.ts";

/** What all connections share. */
export class Switchboard {
  readonly routes: RouteTable = new RouteTable();
  readonly inFlight: InFlight = new InFlight();
  readonly pool: Pool = new Pool();
  readonly limits: Limits;
  /** No connection is kept any more. */
  closing = false;
  /** Connections end after their next answer. */
  retiring = false;
  #turn = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Whether connections of clients are kept for another request. */
  get keeps(): boolean {
    return !this.closing && !this.retiring;
  }

  pick(targets: readonly Target[], without?: ReadonlySet<string>): Target | undefined {
    const target = pick(targets, (name) => this.inFlight.of(name), this.#turn, without);
    this.#turn = (this.#turn + 1) % 1_000_000_007;
    return target;
  }
}

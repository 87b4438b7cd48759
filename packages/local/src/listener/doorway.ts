import type { RequestPath } from "@douze/core";
import type { AppRoute } from "../router/routes.ts";
import { Gate } from "./gate.ts";
import { type Doors, doors, type GateState } from "./plan/doors.ts";
import { Routers, type RoutersOptions } from "./routers.ts";

export interface DoorwayOptions extends RoutersOptions {
  /** Why all requests must go through the router, where they must: TLS ends there, or several apps share the socket. */
  readonly routed?: string;
}

/**
 * How long processes may be between the end of one and the begin of another before the router is called in, in milliseconds. Until
 * then connections wait in the kernel, and a process that was started again finds them there.
 */
const routerPatienceMs = 1_000;

/** One public socket: who accepts on it, so that each request meets a process that may have it, and that is counted there. */
export class Doorway implements AsyncDisposable {
  readonly #routers: Routers;
  readonly #routed: string | undefined;
  readonly #routes = new Map<string, AppRoute>();
  readonly #gates = new Map<string, Gate>();
  #inheriting: ReadonlySet<string> = new Set();
  readonly #leaving = new Map<string, PromiseWithResolvers<void>>();
  #doors: Doors = { router: true, gates: new Set(), passing: true };
  #patience: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(routers: Routers, routed: string | undefined) {
    this.#routers = routers;
    this.#routed = routed;
  }

  /** Finds the routers that an earlier engine has left. Until the first route is told, everything stays as it is. */
  static async open({ routed, ...options }: DoorwayOptions): Promise<Doorway> {
    return new Doorway(await Routers.open(options), routed);
  }

  route(route: AppRoute): void {
    this.#routes.set(route.app, route);
    this.#routers.route(route);
    this.#see();
  }

  remove(app: string): void {
    this.#routes.delete(app);
    this.#routers.remove(app);
    this.#see();
  }

  goodbye(target: string, spreadMs: number): void {
    this.#gates.get(target)?.goodbye(spreadMs);
    this.#routers.goodbye(target, spreadMs);
  }

  /** Resolves when nothing is in flight to a target that no route names any more. */
  async drained(target: string): Promise<void> {
    await Promise.all([this.#routers.drained(target), this.#left(target)]);
  }

  /** Of a target that is routed. */
  pathOf(target: string): RequestPath {
    if (this.#doors.gates.has(target)) return { via: "socket" };
    return { via: "router", ...(this.#doors.why !== undefined && { why: this.#doors.why }) };
  }

  /** Ends what routes: nothing is behind this socket any more. */
  end(): void {
    this.#closed = true;
    this.#routers.end();
  }

  /** Lets go; everything goes on as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#patience);
    for (const gate of this.#gates.values()) gate[Symbol.dispose]();
    await this.#routers[Symbol.asyncDispose]();
  }

  readonly #see = (): void => {
    if (this.#closed) return;
    const targets = [...this.#routes.values()].flatMap((route) => route.targets);
    const listed = [...targets, ...[...this.#routes.values()].flatMap(({ others = [] }) => others)];
    for (const { name, gate } of listed) if (gate !== undefined && !this.#gates.has(name)) this.#gates.set(name, new Gate(gate, this.#see));
    this.#inheriting = new Set(targets.filter(({ inherits }) => inherits).map(({ name }) => name));
    this.#doors = doors(
      [...this.#routes.values()].map(({ maintenance, targets }) => ({
        maintenance,
        targets: targets.map(({ name }) => ({ name, gate: this.#stateOf(name) })),
      })),
      this.#routed,
    );
    for (const name of this.#doors.gates) this.#gates.get(name)?.want("accept");
    this.#turnAway(new Set(listed.map(({ name }) => name)));
    this.#callRouter();
  };

  #stateOf(name: string): GateState {
    return this.#inheriting.has(name) ? "inherits" : (this.#gates.get(name)?.state ?? "none");
  }

  #accepts(name: string): boolean {
    return ["accepting", "inherits"].includes(this.#stateOf(name));
  }

  /** Those that may accept no more: only when another accepts, so that there always is one. */
  #turnAway(listed: ReadonlySet<string>): void {
    const others = [...this.#doors.gates].some((name) => this.#accepts(name)) || this.#doors.router;
    for (const [name, gate] of this.#gates) {
      if (this.#doors.gates.has(name)) continue;
      if (others || this.#doors.gates.size === 0) gate.want("pause");
      if (!gate.empty) continue;
      this.#leaving.get(name)?.resolve();
      this.#leaving.delete(name);
      if (listed.has(name)) continue;
      gate[Symbol.dispose]();
      this.#gates.delete(name);
    }
  }

  #callRouter(): void {
    clearTimeout(this.#patience);
    if (!this.#doors.router && [...this.#doors.gates].some((name) => this.#accepts(name))) return this.#routers.want(false);
    if (this.#routers.accepting) return;
    if (!this.#doors.passing) return this.#routers.want(true);
    this.#patience = setTimeout(() => this.#routers.want(true), routerPatienceMs);
    this.#patience.unref();
  }

  async #left(target: string): Promise<void> {
    const gate = this.#gates.get(target);
    // One that was turned away long ago, or never was there, has nothing more to tell.
    if (!gate || gate.empty) return;
    let leaving = this.#leaving.get(target);
    if (!leaving) {
      leaving = Promise.withResolvers<void>();
      this.#leaving.set(target, leaving);
    }
    await leaving.promise;
  }
}

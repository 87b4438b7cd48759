/** A process that can be sent requests. */
export interface Target {
  /** `web.1@v4-…`: tells it from the one that fills the slot later. */
  readonly name: string;
  /** On the loopback. */
  readonly port: number;
  /** Where the process can be told to take connections of the public socket itself: a Unix socket. */
  readonly gate?: string;
  /** It accepts on the public socket from its start to its end. */
  readonly inherits?: boolean;
}

export interface AppRoute {
  readonly app: string;
  /** Exact, or `*.example.org` for all names below. */
  readonly hosts: readonly string[];
  /** Gets every host that nobody else has, as long as no other app wants them too. */
  readonly fallback: boolean;
  /** The file for its access lines, where the router is a process of its own. */
  readonly access?: string;
  readonly targets: readonly Target[];
  /** Processes that could take connections of the public socket themselves, and are not to. */
  readonly others?: readonly Required<Pick<Target, "name" | "gate">>[];
  readonly maintenance: boolean;
  /** On a plain port: where TLS is spoken, which all requests are sent to. */
  readonly redirectPort?: number;
  /** Told to browsers that come by TLS: for how long they are to come by no other way. */
  readonly hstsSeconds?: number;
  /** What an authority is to be answered that asks whose name it is, by token. */
  readonly challenges?: Readonly<Record<string, string>>;
}

/** Finds the app for a host: an exact name, then the longest suffix, then the fallback. */
export class RouteTable {
  readonly #byApp = new Map<string, AppRoute>();
  #exact = new Map<string, AppRoute>();
  #suffixes: readonly (readonly [string, AppRoute])[] = [];
  #fallback: AppRoute | undefined;

  set(route: AppRoute): void {
    this.#byApp.set(route.app, route);
    this.#index();
  }

  remove(app: string): void {
    this.#byApp.delete(app);
    this.#index();
  }

  find(host: string): AppRoute | undefined {
    return this.#exact.get(host) ?? this.#suffixes.find(([suffix]) => host.endsWith(suffix))?.[1] ?? this.#fallback;
  }

  /** The app's route as it is now: a retry must not go where requests went before. */
  of(app: string): AppRoute | undefined {
    return this.#byApp.get(app);
  }

  targets(): readonly Target[] {
    return [...this.#byApp.values()].flatMap((route) => route.targets);
  }

  #index(): void {
    const routes = [...this.#byApp.values()];
    const hosts = routes.flatMap((route) => route.hosts.map((host) => [host.toLowerCase(), route] as const));
    this.#exact = new Map(hosts.filter(([host]) => !host.startsWith("*")));
    this.#suffixes = hosts
      .filter(([host]) => host.startsWith("*."))
      .map(([host, route]) => [host.slice(1), route] as const)
      .sort(([a], [b]) => b.length - a.length);
    const all = routes.filter((route) => route.fallback);
    this.#fallback = all.length === 1 ? all[0] : undefined;
  }
}

/**
 * The target with the fewest requests in flight; among equals the one after the last that was picked.
 *
 * @param turn - goes up by one with each pick
 * @param without - names that were tried already
 */
export function pick(
  targets: readonly Target[],
  inFlight: (name: string) => number,
  turn: number,
  without?: ReadonlySet<string>,
): Target | undefined {
  let best: Target | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let offset = 0; offset < targets.length; offset += 1) {
    const target = targets[(turn + offset) % targets.length];
    if (!target || without?.has(target.name)) continue;
    const load = inFlight(target.name);
    if (load < least) {
      best = target;
      least = load;
    }
  }
  return best;
}

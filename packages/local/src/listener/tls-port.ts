import type { RequestPath } from "@douze/core";
import type { AppRoute } from "../router/routes.ts";
import type { RoutePort } from "../seams.ts";

export interface TlsPortOptions {
  /** Where TLS is spoken. */
  readonly secure: RoutePort;
  /** Its public port. */
  readonly port: number;
  /** The plain port that leads there. */
  readonly plain?: RoutePort;
  readonly hstsSeconds?: number;
}

/** A port that speaks TLS and the plain one beside it, as one port for an app: requests that come plainly are sent on. */
export class TlsPort implements RoutePort {
  readonly #options: TlsPortOptions;
  readonly #routes = new Map<string, AppRoute>();
  #challenges: Readonly<Record<string, string>> = {};

  constructor(options: TlsPortOptions) {
    this.#options = options;
  }

  route(route: AppRoute): void {
    this.#routes.set(route.app, route);
    const { secure, hstsSeconds } = this.#options;
    secure.route({ ...route, ...(hstsSeconds !== undefined && { hstsSeconds }) });
    this.#routePlain(route);
  }

  remove(app: string): void {
    this.#routes.delete(app);
    this.#options.secure.remove(app);
    this.#options.plain?.remove(app);
  }

  async drained(target: string): Promise<void> {
    await this.#options.secure.drained(target);
  }

  goodbye(target: string, spreadMs: number): void {
    this.#options.secure.goodbye(target, spreadMs);
  }

  pathOf(target: string): RequestPath {
    return this.#options.secure.pathOf?.(target) ?? { via: "router" };
  }

  /** What an authority is to be answered on the plain port, by token. */
  answer(challenges: Readonly<Record<string, string>>): void {
    this.#challenges = challenges;
    for (const route of this.#routes.values()) this.#routePlain(route);
  }

  #routePlain({ app, hosts, fallback, access }: AppRoute): void {
    const { plain, port } = this.#options;
    const own = { redirectPort: port, challenges: this.#challenges, ...(access !== undefined && { access }) };
    plain?.route({ app, hosts, fallback, targets: [], maintenance: false, ...own });
  }
}

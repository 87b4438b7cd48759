import { Router } from "../../src/router/router.ts";
import type { AppRoute } from "../../src/router/routes.ts";
import type { RoutePort } from "../../src/seams.ts";

/** The router itself, with a record of what the driver asked of it. */
export class RecordingRouter implements RoutePort, AsyncDisposable {
  /** Each table it was given, the last one last. */
  readonly tables: AppRoute[] = [];
  readonly goodbyes: string[] = [];
  readonly #router: Router;

  private constructor(router: Router) {
    this.#router = router;
  }

  static async open(): Promise<RecordingRouter> {
    return new RecordingRouter(await Router.listen({ host: "127.0.0.1", port: 0 }));
  }

  get port(): number {
    return this.#router.port;
  }

  /** Names of the present targets. */
  get targets(): readonly string[] {
    return this.tables.at(-1)?.targets.map(({ name }) => name) ?? [];
  }

  route(table: AppRoute): void {
    this.tables.push(table);
    this.#router.route(table);
  }

  remove(app: string): void {
    this.tables.length = 0;
    this.#router.remove(app);
  }

  inFlight(target: string): number {
    return this.#router.inFlight(target);
  }

  async drained(target: string): Promise<void> {
    await this.#router.drained(target);
  }

  goodbye(target: string, spreadMs: number): void {
    this.goodbyes.push(target);
    this.#router.goodbye(target, spreadMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#router[Symbol.asyncDispose]();
  }
}

import { once } from "node:events";
import { type Agent, createServer, Agent as HttpAgent, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RoutePort, RouteTable } from "../../src/seams.ts";

/** The least router that keeps the driver's side of the bargain: one app, one table, requests counted. */
export class SmallRouter implements RoutePort, AsyncDisposable {
  /** Each table it was given, the last one last. */
  readonly tables: RouteTable[] = [];
  readonly goodbyes: string[] = [];
  readonly #server: Server = createServer((incoming, answer) => this.#forward(incoming, answer));
  readonly #agent: Agent = new HttpAgent({ keepAlive: false });
  readonly #inFlight = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #next = 0;

  static async open(): Promise<SmallRouter> {
    const router = new SmallRouter();
    router.#server.listen(0, "127.0.0.1");
    await once(router.#server, "listening");
    return router;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Names of the present targets. */
  get targets(): readonly string[] {
    return this.tables.at(-1)?.targets.map(({ name }) => name) ?? [];
  }

  route(table: RouteTable): void {
    this.tables.push(table);
  }

  remove(): void {
    this.tables.length = 0;
  }

  inFlight(target: string): number {
    return this.#inFlight.get(target) ?? 0;
  }

  async drained(target: string): Promise<void> {
    if (this.inFlight(target) === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(target, [...(this.#waiting.get(target) ?? []), resolve]);
    await promise;
  }

  goodbye(target: string): void {
    this.goodbyes.push(target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const table = this.tables.at(-1);
    const target = table?.targets[this.#next++ % Math.max(1, table.targets.length)];
    if (!target || table?.maintenance) {
      answer.writeHead(503, { "retry-after": "5" }).end();
      return;
    }
    this.#count(target.name, 1);
    answer.once("close", () => this.#count(target.name, -1));
    const { method, url, headers } = incoming;
    const forwarded = request({ host: "127.0.0.1", port: target.port, method, path: url, headers, agent: this.#agent }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    forwarded.on("error", () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
    incoming.pipe(forwarded);
  }

  #count(target: string, change: 1 | -1): void {
    this.#inFlight.set(target, this.inFlight(target) + change);
    if (this.inFlight(target) > 0) return;
    for (const resolve of this.#waiting.get(target) ?? []) resolve();
    this.#waiting.delete(target);
  }
}

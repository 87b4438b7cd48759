import { Agent, request as httpRequest } from "node:http";
import { instant } from "./clock.ts";
import type { IdleRecord } from "./orders.ts";

/** Connections that have had one answer and are kept, as browsers and proxies keep theirs. */
export class Idle {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #records: { closedAt?: number }[] = [];

  async open(port: number, path: string, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#one(port, path)));
  }

  get records(): readonly IdleRecord[] {
    return this.#records;
  }

  async #one(port: number, path: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = httpRequest({ host: "127.0.0.1", port, path, agent: this.#agent, headers: { host: `127.0.0.1:${port}` } });
    const record: { closedAt?: number } = {};
    request.on("socket", (socket) => {
      socket.on("close", () => {
        record.closedAt = instant();
        resolve();
      });
    });
    request.on("response", (response) => {
      this.#records.push(record);
      response.on("end", resolve);
      response.on("error", () => resolve());
      response.resume();
    });
    request.on("error", () => resolve());
    request.setTimeout(10_000, () => request.destroy());
    request.end();
    await promise;
  }
}

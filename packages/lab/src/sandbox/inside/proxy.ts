import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { Fault, Traffic } from "./orders.ts";

/** How much of what an app says is kept. */
const heardBytes = 1 << 20;

interface Pair {
  readonly app: Socket;
  /** Absent while the service is silent. */
  readonly service?: Socket;
}

/** Stands at a service's address and passes on, or not, what the app and the service say to each other. */
export class FaultProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #heard: Buffer[][] = [];
  #heardLength = 0;
  #fault: Fault = { mode: "pass" };
  #connections = 0;
  #toService = 0;
  #fromService = 0;
  readonly #at: { readonly address: string; readonly port: number };
  readonly #socket: string;

  /** @param socket - the service's Unix socket: those cross network namespaces */
  constructor(at: { readonly address: string; readonly port: number }, socket: string) {
    this.#at = at;
    this.#socket = socket;
    this.#server = createServer({ allowHalfOpen: true }, (app) => this.#welcome(app));
  }

  async open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(this.#at.port, this.#at.address, () => {
      this.#server.off("error", reject);
      resolve();
    });
    await promise;
  }

  get traffic(): Traffic {
    return { connections: this.#connections, open: this.#pairs.size, bytesToService: this.#toService, bytesFromService: this.#fromService };
  }

  /** Of each connection on which something was said, in base64. */
  get heard(): readonly string[] {
    return this.#heard.filter(({ length }) => length > 0).map((chunks) => Buffer.concat(chunks).toString("base64"));
  }

  async set(fault: Fault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    if (fault.mode === "cut") {
      for (const { app, service } of this.#pairs) {
        app.resetAndDestroy();
        service?.destroy();
      }
      if (this.#server.listening) await closed(this.#server);
      return;
    }
    if (before.mode === "cut") await this.open();
    // What was accepted and met with silence gets none of what comes later, as after a router's loss of state.
    if (before.mode === "silent") for (const { app, service } of this.#pairs) if (!service) app.resetAndDestroy();
  }

  #welcome(app: Socket): void {
    this.#connections++;
    const heard: Buffer[] = [];
    this.#heard.push(heard);
    if (this.#fault.mode === "silent") {
      const pair = { app };
      this.#pairs.add(pair);
      app.on("error", ignored).on("close", () => this.#pairs.delete(pair));
      app.on("data", (chunk) => this.#hear(heard, chunk));
      return;
    }
    const service = createConnection({ path: this.#socket, allowHalfOpen: true });
    const pair = { app, service };
    this.#pairs.add(pair);
    app.on("data", (chunk) => {
      this.#hear(heard, chunk);
      this.#toService += chunk.length;
      if (this.#fault.mode !== "silent") service.write(chunk);
    });
    service.on("data", (chunk) => {
      this.#fromService += chunk.length;
      this.#pass(() => void app.write(chunk));
    });
    app.on("end", () => service.end());
    service.on("end", () => this.#pass(() => void app.end()));
    app.on("error", () => service.destroy());
    service.on("error", () => app.resetAndDestroy());
    app.on("close", () => {
      this.#pairs.delete(pair);
      service.destroy();
    });
  }

  /** In order, since every wait is as long. */
  #pass(write: () => void): void {
    const fault = this.#fault;
    if (fault.mode === "latency") setTimeout(write, fault.ms);
    else if (fault.mode !== "silent") write();
  }

  #hear(heard: Buffer[], chunk: Buffer): void {
    if (this.#heardLength >= heardBytes) return;
    heard.push(chunk);
    this.#heardLength += chunk.length;
  }
}

async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}

/** A connection that breaks is closed next, and that is what counts. */
function ignored(): void {
  // nothing more to do
}

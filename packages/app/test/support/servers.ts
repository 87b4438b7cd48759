import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalProvider } from "../../../local/src/resources/local-provider.ts";

/** A real server of its own, for as long as it is held. */
export class Backing implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #provider: LocalProvider;

  private constructor(url: string, folder: string, provider: LocalProvider) {
    this.url = url;
    this.#folder = folder;
    this.#provider = provider;
  }

  static async start(type: "postgres" | "redis"): Promise<Backing> {
    const folder = await mkdtemp(join(tmpdir(), "kit-"));
    const provider = new LocalProvider({ directory: join(folder, "resources"), path: process.env["PATH"] ?? "", note: () => undefined });
    const { url } = await provider.provision("db", type, new AbortController().signal);
    return new Backing(url, folder, provider);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The wire to a server, which can be cut and mended. */
export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor({ port, hostname }: URL) {
    this.#server = createServer((client) => {
      if (this.#cut) return void client.destroy();
      const upstream = connect(Number(port), hostname);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      }
      client.pipe(upstream).pipe(client);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
  }

  static async to(url: string): Promise<Wire & { readonly url: string }> {
    const target = new URL(url);
    const wire = new Wire(target);
    const { promise, resolve } = Promise.withResolvers<void>();
    wire.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    target.port = String((wire.#server.address() as AddressInfo).port);
    target.hostname = "127.0.0.1";
    return Object.assign(wire, { url: target.href });
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }
}

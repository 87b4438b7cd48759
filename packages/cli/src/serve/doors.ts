import { join } from "node:path";
import type { CertificateFiles, Instant } from "@douze/core";
import { AcmeCertificate, acmeFiles, Doorway, type PublicSocket, type RoutePort, TlsPort } from "@douze/local";
import { holdLock } from "@douze/server";
import type { Place } from "../place.ts";
import { version } from "../version.ts";
import { type AskedPort, routersFolder } from "./ports.ts";

export interface DoorsOptions {
  readonly sockets: readonly PublicSocket[];
  /** By socket, those whose port it is. */
  readonly fronts: ReadonlyMap<PublicSocket, readonly AskedPort<Place>[]>;
  /** For control sockets. */
  readonly runtime: string;
  /** For people. */
  readonly note: (text: string) => void;
}

/** What an app's requests come by. */
export interface Door {
  readonly router: RoutePort;
  readonly scheme: "http" | "https";
  readonly port: number;
  /** It has the socket for itself, and may hand it to its processes. */
  readonly own: boolean;
}

/** The public sockets of this engine, each with what decides who accepts on it: for apps, and for plain ports that lead to TLS. */
export class Doors implements AsyncDisposable {
  readonly #options: DoorsOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #doorways = new Map<PublicSocket, Doorway>();

  private constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** @throws Problem engine-running - another engine has one of the ports */
  static async open(options: DoorsOptions): Promise<Doors> {
    const doors = new Doors(options);
    try {
      for (const socket of options.sockets) await doors.#open(socket);
      return doors;
    } catch (error) {
      await doors[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The way to an app. Asks an authority for its certificate, where it is to. */
  to({ of, tls }: AskedPort<Place>, socket: PublicSocket): Door {
    const doorway = this.#doorways.get(socket);
    if (!doorway) throw new Error(`the socket of port ${socket.port} was not opened`);
    const { port } = socket;
    if (!tls) return { router: doorway, scheme: "http", port, own: this.#reason(socket) === undefined };
    const plainSocket = this.#options.sockets.find((each) => each.port === tls.redirectPort);
    const plain = plainSocket && this.#doorways.get(plainSocket);
    if (tls.redirectPort !== undefined && !plain)
      this.#options.note(`${of.directory}: there is no socket for port ${tls.redirectPort}: nothing leads from there to TLS`);
    const hsts = tls.hstsMs === undefined ? {} : { hstsSeconds: Math.round(tls.hstsMs / 1000) };
    const router = new TlsPort({ secure: doorway, port, ...(plain && { plain }), ...hsts });
    return { router, scheme: "https", port, own: false };
  }

  /** Asks for and renews the certificate of an app whose inventory names an authority. */
  certify({ of, tls, hosts }: AskedPort<Place>, router: RoutePort, note: (text: string) => void): AcmeCertificate | undefined {
    if (!tls?.acme || !(router instanceof TlsPort)) return undefined;
    return new AcmeCertificate({
      acme: tls.acme,
      hosts,
      directory: acmeFolder(of),
      answer: (answers) => router.answer(answers),
      note,
      clock: () => Date.now() as Instant,
    });
  }

  /** Ends what routes: nothing is behind these sockets any more. */
  end(): void {
    for (const doorway of this.#doorways.values()) doorway.end();
  }

  /** Lets go; everything goes on as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(socket: PublicSocket): Promise<void> {
    const { runtime, note } = this.#options;
    const apps = this.#apps(socket);
    if (apps.length === 0 && !this.#leadsToTls(socket)) return;
    const directory = routersFolder(runtime, socket.port);
    this.#stack.use(await holdLock(directory));
    const secured = apps.flatMap(({ of, tls }) => (tls ? filesOf(of, tls) : []));
    const tls = apps.some((app) => app.tls) ? { tls: secured } : {};
    const routed = this.#reason(socket);
    const options = { fd: socket.fd, directory, version, note, ...tls, ...(routed !== undefined && { routed }) };
    this.#doorways.set(socket, this.#stack.use(await Doorway.open(options)));
  }

  /** Why the router takes all requests, where it must. */
  #reason(socket: PublicSocket): string | undefined {
    const apps = this.#apps(socket);
    if (apps.some(({ tls }) => tls)) return "TLS ends in the router";
    if (this.#leadsToTls(socket)) return "the port leads others to TLS";
    return apps.length > 1 ? "several apps share the port" : undefined;
  }

  #apps(socket: PublicSocket): readonly AskedPort<Place>[] {
    return this.#options.fronts.get(socket) ?? [];
  }

  #leadsToTls({ port }: PublicSocket): boolean {
    return [...this.#options.fronts.values()].flat().some(({ tls }) => tls?.redirectPort === port);
  }
}

function filesOf(place: Place, { certificates, acme }: NonNullable<AskedPort<Place>["tls"]>): readonly CertificateFiles[] {
  return acme ? [...certificates, acmeFiles(acmeFolder(place))] : certificates;
}

function acmeFolder({ paths }: Place): string {
  return join(paths.environment, "tls");
}

import { rmSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateFiles } from "@douze/core";
import type { AppRoute } from "../router/routes.ts";
import { RouterProcess } from "./router-process.ts";
import { socketInode } from "./takes-connections.ts";

export interface RoutersOptions {
  /** The public socket. */
  readonly fd: number;
  /** For the control sockets of these routers alone; a short path. */
  readonly directory: string;
  /** Of this program: a router of another version is replaced. */
  readonly version: string;
  /** Speak TLS with these. Absent: plain. */
  readonly tls?: readonly CertificateFiles[];
  /** What went wrong, for people. */
  readonly note: (text: string) => void;
}

/** Before a router that has ended by itself is started again, in milliseconds. */
const restartMs = 200;

/**
 * The router processes of one public socket: one that accepts, as long as one is needed, and those that only finish what they have
 * begun. All know the same routes.
 */
export class Routers implements AsyncDisposable {
  readonly #options: RoutersOptions;
  readonly #routes = new Map<string, AppRoute>();
  readonly #all = new Set<RouterProcess>();
  #current: RouterProcess | undefined;
  #wanted = false;
  #starting: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;
  #ended = false;

  private constructor(options: RoutersOptions) {
    this.#options = options;
  }

  /** Finds those that an earlier engine has left. */
  static async open(options: RoutersOptions): Promise<Routers> {
    const routers = new Routers(options);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(options.directory)).toSorted()) {
      const path = join(options.directory, name);
      const found = await routers.#find(path);
      if (found) routers.#adopt(found);
      else rmSync(path, { force: true });
    }
    return routers;
  }

  /** Whether one accepts, or will at once. */
  get accepting(): boolean {
    return this.#wanted;
  }

  route(route: AppRoute): void {
    this.#routes.set(route.app, route);
    for (const router of this.#all) router.tell({ do: "route", route });
  }

  remove(app: string): void {
    this.#routes.delete(app);
    for (const router of this.#all) router.tell({ do: "remove", app });
  }

  goodbye(target: string, spreadMs: number): void {
    for (const router of this.#all) router.tell({ do: "goodbye", target, spreadMs });
  }

  async drained(target: string): Promise<void> {
    await this.#starting;
    await Promise.all([...this.#all].map((router) => router.drained(target)));
  }

  /** Has one accept, or none. What is under way is finished either way. */
  want(wanted: boolean): void {
    if (this.#wanted === wanted && (wanted === (this.#current !== undefined) || this.#starting)) return;
    this.#wanted = wanted;
    this.#see();
  }

  /** Ends all of them, for good: what is idle at once, the rest after its answer. */
  end(): void {
    this.#closed = true;
    this.#ended = true;
    for (const router of this.#all) router.tell({ do: "end" });
  }

  /** Lets go of them; they go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    await this.#starting;
    for (const router of this.#all) router[Symbol.dispose]();
  }

  #see(): void {
    if (this.#closed || this.#starting) return;
    if (!this.#wanted && this.#current) {
      this.#current.tell({ do: "retire" });
      this.#current = undefined;
    }
    if (!this.#wanted || this.#current) return;
    this.#starting = this.#start().finally(() => {
      this.#starting = undefined;
      this.#see();
    });
  }

  async #start(): Promise<void> {
    const { fd, directory, version, note } = this.#options;
    const path = join(directory, `${Date.now().toString(36)}.sock`);
    try {
      this.#current = await RouterProcess.start(fd, path, version, () => this.#gone(path));
      this.#know(this.#current);
    } catch (error) {
      note(`the router cannot be started: ${error instanceof Error ? error.message : String(error)}; trying again`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#again = setTimeout(resolve, restartMs);
      await promise;
    }
  }

  async #find(path: string): Promise<RouterProcess | undefined> {
    try {
      return await RouterProcess.find(path, () => this.#gone(path));
    } catch (error) {
      // Its process is gone: killed, or with the machine's last start.
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return undefined;
      throw error;
    }
  }

  #adopt(router: RouterProcess): void {
    this.#all.add(router);
    // Its engine was killed before it had told the routes.
    if (!router.listening) return router.tell({ do: "end" });
    // On a former socket, whose holder was killed, nobody else may accept: it goes on there, beside ours.
    if (router.publicInode !== socketInode(this.#options.fd)) return;
    const { version, tls } = this.#options;
    if (router.version !== version || router.tls !== (tls !== undefined)) return router.tell({ do: "retire" });
    if (tls) router.tell({ do: "certify", certificates: tls });
    // Of two, the later one accepts; the other was told to leave, or would have been.
    this.#current?.tell({ do: "retire" });
    this.#current = router;
    this.#wanted = true;
  }

  #know(router: RouterProcess): void {
    this.#all.add(router);
    for (const route of this.#routes.values()) router.tell({ do: "route", route });
    const { tls } = this.#options;
    if (tls) router.tell({ do: "certify", certificates: tls });
    router.tell({ do: "listen" });
    if (this.#ended) router.tell({ do: "end" });
  }

  #gone(path: string): void {
    rmSync(path, { force: true });
    for (const router of this.#all) if (router.gone) this.#all.delete(router);
    if (!this.#current?.gone || this.#closed) return;
    this.#current = undefined;
    this.#options.note("the router has ended; another one is started");
    this.#again = setTimeout(() => this.#see(), restartMs);
  }
}

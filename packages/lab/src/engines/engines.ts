import { join } from "node:path";
import { Problem } from "@douze/core";
import { findProgram } from "../sandbox/tools.ts";
import type { Engine, Store } from "./engine.ts";
import { startPostgres } from "./postgres.ts";
import { redisEngine } from "./redis.ts";

/** The kinds of backing services that the lab can run. */
export const engineTypes = ["postgres", "redis"] as const;
export type EngineType = (typeof engineTypes)[number];

/** Servers for backing services, each started when the first app needs it. */
export class Engines implements AsyncDisposable {
  readonly #folder: string;
  readonly #path: string;
  readonly #engines = new Map<EngineType, Promise<Engine>>();
  #stores = 0;

  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  /**
   * A new store of a kind.
   *
   * @throws Problem resource-not-installed, resource-root-refused
   */
  async makeStore(type: EngineType): Promise<Store> {
    const engine = this.#engines.get(type) ?? this.#start(type);
    this.#engines.set(type, engine);
    return await (await engine).makeStore(`d${++this.#stores}`);
  }

  async #start(type: EngineType): Promise<Engine> {
    if (type === "postgres") return await startPostgres(join(this.#folder, "pg"), this.#path);
    const program = findProgram("redis-server", this.#path) ?? findProgram("valkey-server", this.#path);
    if (!program)
      throw new Problem({
        code: "resource-not-installed",
        what: "there is no Redis or Valkey to run the app's store with",
        why: "neither `redis-server` nor `valkey-server` is on the PATH",
        fix: "install one, such as Debian's package `redis-server`",
      });
    return await redisEngine(join(this.#folder, "redis"), program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines.values()) await (await engine.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

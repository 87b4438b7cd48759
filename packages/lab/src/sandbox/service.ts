import type { Store } from "../engines/engine.ts";
import type { ServiceNeed } from "../model/subject.ts";
import type { TimelineEvent } from "../model/timeline.ts";
import type { Cell } from "./cell.ts";
import { instant } from "./inside/clock.ts";
import type { Fault, Traffic } from "./inside/orders.ts";

/** A backing service as the app meets it: under a name, behind a proxy that can hold up, cut or silence it. */
export class Service {
  readonly need: ServiceNeed;
  /** What the app gets in its variable. */
  readonly url: string;
  /** `db.douze.test` */
  readonly host: string;
  readonly store: Store;
  readonly #cell: Cell;
  readonly #proxy: string;
  readonly #tell: (event: TimelineEvent) => void;

  private constructor(cell: Cell, need: ServiceNeed, store: Store, host: string, tell: (event: TimelineEvent) => void) {
    this.need = need;
    this.store = store;
    this.host = host;
    this.url = store.url(host);
    this.#cell = cell;
    this.#proxy = host;
    this.#tell = tell;
  }

  /** @param address - one of the sandbox's own, for this service alone */
  static async open(
    cell: Cell,
    need: ServiceNeed,
    store: Store,
    at: { host: string; address: string },
    tell: (event: TimelineEvent) => void,
  ): Promise<Service> {
    await cell.order("name", { name: at.host, address: at.address });
    await cell.order("proxy", { proxy: at.host, address: at.address, port: store.port, socket: store.socket });
    return new Service(cell, need, store, at.host, tell);
  }

  async fault(fault: Fault): Promise<void> {
    this.#tell({ at: instant(), who: this.need.name, what: fault.mode === "latency" ? `${fault.ms} ms slower` : faultText[fault.mode] });
    await this.#cell.order("fault", { proxy: this.#proxy, fault });
  }

  async traffic(): Promise<Traffic> {
    return await this.#cell.order("traffic", { proxy: this.#proxy });
  }

  /** What the app has sent to it so far, for each of its connections; the first mebibyte of all. */
  async heard(): Promise<readonly Buffer[]> {
    const heard = await this.#cell.order("heard", { proxy: this.#proxy });
    return heard.map((sent) => Buffer.from(sent, "base64"));
  }
}

const faultText = { pass: "answers again", cut: "cut off: resets and refuses", silent: "silent: accepts and never answers" } as const;

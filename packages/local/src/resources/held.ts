import type { EmbeddedServer } from "./embedded-server.ts";
import { isOfTheSystem, refused } from "./problems.ts";
import type { ResourceFolder, ServerSettings } from "./resource-folder.ts";

/** The first pause before a server that ended by itself is started anew, and the longest, in milliseconds. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** A server in a provider's hands: what is asked of it is done one after the other. */
export class Held {
  readonly type: ServerSettings["type"];
  readonly folder: ResourceFolder;
  readonly server: EmbeddedServer;
  #last: Promise<unknown> = Promise.resolve();
  #wanted = false;
  #pending = 0;
  #failures = 0;
  #notBefore = 0;

  constructor(type: ServerSettings["type"], folder: ResourceFolder, server: EmbeddedServer) {
    this.type = type;
    this.folder = folder;
    this.server = server;
  }

  async next<T>(work: () => Promise<T>): Promise<T> {
    this.#pending++;
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    try {
      return await done;
    } catch (error) {
      throw isOfTheSystem(error) ? refused(this.folder, error) : error;
    } finally {
      this.#pending--;
    }
  }

  /** From now on it should run. */
  async start(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const url = await this.next(() => this.server.start(signal));
    this.#wanted = true;
    return url;
  }

  /**
   * Starts it anew if it ended by itself, less and less often if that does not last; keeps its log small.
   *
   * @param onEnd - called before it is tried
   */
  async revive(now: number, signal: AbortSignal, onEnd: () => void): Promise<void> {
    if (!this.#wanted || this.#pending > 0 || now < this.#notBefore) return;
    if (this.server.alive) {
      await this.folder.trimLog();
      // Only one that has run for a while is well again.
      if (now > this.#notBefore + longestPauseMs) this.#failures = 0;
      return;
    }
    onEnd();
    this.#failures++;
    this.#notBefore = now + Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures);
    await this.start(signal);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    await this.next(() => this.server.stop());
  }
}

import { createServer } from "node:net";
import { Problem } from "@douze/core";

/** Below the range from which Linux takes the ports of outgoing connections, so that none of those can come in between. */
const firstPort = 20_000;
const portCount = 10_000;

/**
 * Finds ports for processes to listen on. It goes round: a port is not given again before all others were, since what
 * still knows the old one, a client or a connection in TIME_WAIT, would meet the wrong process.
 */
export class FreePorts {
  #next: number;

  /** @param chance - from 0 up to 1: where to begin, so that several engines on a machine rarely ask for the same */
  constructor(chance: number) {
    this.#next = Math.floor(chance * portCount);
  }

  /**
   * A port of 127.0.0.1 on which nobody listens now.
   *
   * @throws Problem ports-exhausted - all are taken
   */
  async take(): Promise<number> {
    for (let tried = 0; tried < portCount; tried++) {
      const port = firstPort + (this.#next++ % portCount);
      if (await isFree(port)) return port;
    }
    throw new Problem({
      code: "ports-exhausted",
      what: "there is no free port for a process",
      why: `something listens on each port from ${firstPort} to ${firstPort + portCount - 1}`,
      fix: "`ss -ltnp` shows what; stop what should not run",
    });
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  return await promise;
}

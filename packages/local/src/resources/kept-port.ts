import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { Problem } from "@douze/core";

/**
 * Below the ports that processes of the app get, which are asked for anew at each start: a server that is stopped would
 * otherwise find one of them on the port that its clients know.
 */
const firstPort = 12_000;
const portCount = 8_000;
const tries = 200;

/**
 * The port that a server had, while nobody else has taken it; otherwise one that is free now.
 *
 * @throws Problem ports-exhausted - none was found
 */
export async function keptPort(before: number | undefined): Promise<number> {
  if (before !== undefined && (await isFree(before))) return before;
  for (let tried = 0; tried < tries; tried++) {
    const port = firstPort + randomInt(portCount);
    if (await isFree(port)) return port;
  }
  throw new Problem({
    code: "ports-exhausted",
    what: "there is no free port for a backing service",
    why: `something listens on nearly all ports from ${firstPort} to ${firstPort + portCount - 1}`,
    fix: "`ss -ltnp` shows what; stop what should not run",
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  return await promise;
}

import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FreePorts } from "../../src/free-port.ts";
import { Doorway } from "../../src/listener/doorway.ts";
import { openPort } from "../../src/listener/open-port.ts";
import type { AppRoute } from "../../src/router/routes.ts";

/** A process's end of a gate that takes no connections, and says so once. */
async function closedGate(path: string): Promise<AsyncDisposable> {
  const server = createServer((peer) =>
    peer.once("data", () => peer.write(`${JSON.stringify({ told: "pause", accepting: false, connections: 0, left: 8 })}\n`)),
  );
  server.listen(path);
  await once(server, "listening");
  return server;
}

test("a process that takes no connections of the public socket is not waited for", async ({ signal }) => {
  const folder = await mkdtemp(join(tmpdir(), "douze-doorway-"));
  const gate = join(folder, "gate");
  await using _process = await closedGate(gate);
  const port = openPort("127.0.0.1", await new FreePorts(Math.random()).take(), false);
  const directory = join(folder, "routers");
  await using doorway = await Doorway.open({
    fd: port.fd,
    directory,
    version: "1",
    note: () => undefined,
    routed: "several apps share it",
  });
  const name = "web.1@v1";
  const route: AppRoute = { app: "shop", hosts: [], fallback: true, targets: [], others: [{ name, gate }], maintenance: false };
  doorway.route(route);
  // Until it has said so; and again, when it has no more to say.
  for (const _time of [1, 2]) await Promise.race([doorway.drained(name), once(signal, "abort")]);
  expect(signal.aborted).toBe(false);
  doorway.route({ ...route, targets: [{ name, port: 1, gate }], others: [] });
  expect(doorway.pathOf(name)).toEqual({ via: "router", why: "several apps share it" });
  doorway.end();
  port.close();
});

import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { FreePorts } from "../src/free-port.ts";

test("no port is given twice in a row of many", async () => {
  const ports = new FreePorts(0.5);
  const taken: number[] = [];
  for (let count = 0; count < 50; count++) taken.push(await ports.take());
  expect(new Set(taken).size).toBe(50);
  expect(Math.min(...taken)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...taken)).toBeLessThan(30_000);
});

test("a port on which somebody listens is passed over", async () => {
  const port = await new FreePorts(0.25).take();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  expect(await new FreePorts(0.25).take()).not.toBe(port);
  server.close();
  await once(server, "close");
});

test("it goes round at the end", async () => {
  const ports = new FreePorts(0.9999);
  const [last, first] = [await ports.take(), await ports.take()];
  expect(last).toBeGreaterThan(first);
});

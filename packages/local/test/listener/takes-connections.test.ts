import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FreePorts } from "../../src/free-port.ts";
import { openPort } from "../../src/listener/open-port.ts";
import { socketInode, takesConnections } from "../../src/listener/takes-connections.ts";

const fixture = join(import.meta.dirname, "../fixtures/handed.cjs");
const forever = new AbortController().signal;

interface Handed extends Disposable {
  readonly child: ChildProcess;
  readonly inheriting: { readonly port: number; readonly group: number | undefined; readonly publicInode: number | undefined };
}

/** A program that has been handed a public socket as 3 and its own as 4. */
async function handed(...words: readonly string[]): Promise<Handed> {
  const ports = new FreePorts(Math.random());
  const [publicPort, port] = [await ports.take(), await ports.take()];
  const shared = openPort("127.0.0.1", publicPort, false);
  const own = openPort("127.0.0.1", port, false);
  const publicInode = socketInode(shared.fd);
  const child = spawn(process.execPath, [fixture, ...words], {
    stdio: ["ignore", "pipe", "inherit", shared.fd, own.fd],
    detached: true,
  });
  shared.close();
  own.close();
  await once(child.stdout ?? child, "data");
  return { child, inheriting: { port, group: child.pid, publicInode }, [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

test("a program that accepts on its own socket takes connections", async () => {
  using program = await handed("4");
  expect(await takesConnections(program.inheriting, 5_000, forever)).toBe(true);
});

test("so does one that waits for the public socket alone", async () => {
  using program = await handed("3");
  expect(await takesConnections(program.inheriting, 5_000, forever)).toBe(true);
});

test("that the kernel makes the connection does not count", async () => {
  using program = await handed();
  expect(await takesConnections(program.inheriting, 200, forever)).toBe(false);
});

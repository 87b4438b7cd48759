import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseView } from "@douze/engine";
import { describe, expect, test } from "vitest";
import { load } from "./support/load.ts";
import { Served } from "./support/serve.ts";
import { AppFolder, isAlive } from "./support/up.ts";

const fixture = join(import.meta.dirname, "fixtures/load");

/** Long on demand: `RELEASES=100 npx vitest run packages/cli/test/serve.test.ts`. */
const releases = Number(process.env["RELEASES"] ?? 6);

const manifest = (command: string, socket: string): string =>
  `app: load\nbuild: { language: none }\nprocesses:\n  web: { command: ${command}, scale: 2, boot: 20s, grace: 5s, socket: ${socket} }\nconfig:\n  TEXT: { default: first }\n`;

async function appWith(command: string, socket: string): Promise<AppFolder> {
  const app = await AppFolder.copyOf(fixture);
  await writeFile(join(app.folder, "douze.yaml"), manifest(command, socket));
  return app;
}

const ways = [
  ["a program that takes the public socket unawares", "node abrupt.js", "auto"],
  ["a program behind the router", "node abrupt.js", "route"],
  ["a program that inherits the public socket", "node inheriting.js", "inherit"],
] as const;

describe.each(ways)("%s", (_name, command, socket) => {
  test(`loses no request over ${releases} releases and rollbacks`, async () => {
    const app = await appWith(command, socket);
    await using served = await Served.start(app);
    await served.ask("deploy");
    const clients = load(served.port, { keeping: 4, fresh: 2 });
    for (let done = 0; done < releases; done += 2) {
      expect(await served.ask<ReleaseView>("deploy", "--set", `TEXT=${done}`)).toMatchObject({ status: "current" });
      expect((await app.run("rollback", "--yes")).code).toBe(0);
    }
    const { requests, failures, bodies } = await clients.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(releases * 10);
    // Each release has answered, or nothing was shown.
    expect(bodies.size).toBeGreaterThanOrEqual(releases);
  }, 600_000);

  test("answers on while its engine is killed, and while another version of it takes over", async () => {
    const app = await appWith(command, socket);
    await using served = await Served.start(app);
    await served.ask("deploy");
    const pids = (await served.processes()).map(({ pid }) => pid);
    const clients = load(served.port, { keeping: 4, fresh: 2 });
    const former = await served.enginePid();
    process.kill(former, "SIGKILL");
    await served.engines(2);
    const present = await served.enginePid();
    expect(present).not.toBe(former);
    expect((await served.processes()).map(({ pid }) => pid)).toEqual(pids);
    served.running.child.kill("SIGHUP");
    await served.engines(3);
    expect((await served.processes()).map(({ pid }) => pid)).toEqual(pids);
    expect(isAlive(present)).toBe(false);
    expect((await clients.stop()).failures).toEqual([]);
    expect((await served.stop()).code).toBe(0);
    expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
  }, 120_000);
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScalingView, Status } from "@douze/engine";
import { expect, test } from "vitest";
import { AppFolder } from "./support/up.ts";

const small = join(import.meta.dirname, "fixtures/small");

const web = `const { createServer } = require("node:http");
let waiting = 0;
createServer((request, response) => {
  const set = /^\\/set\\/(\\d+)$/.exec(request.url);
  if (set) waiting = Number(set[1]);
  response.end(request.url === "/metrics" ? "jobs_waiting{queue=\\"a\\"} " + waiting + "\\n" : "ok");
}).listen(process.env.PORT);
`;

const manifest = `app: elastic
processes:
  web: node web.cjs
  worker:
    command: sleep 1000
    settle: 100ms
    autoscale: { min: 1, max: 4, down: 1s, metric: { process: web, path: /metrics, name: jobs_waiting, target: 10 } }
  burner:
    command: exec node -e 'for (;;);'
    settle: 100ms
    cpu: 0.1
    autoscale: { min: 1, max: 2, cpu: 50 }
`;

test("counts follow the load, are told, outlive the engine and go on to the next release", { timeout: 240_000 }, async () => {
  const app = await AppFolder.copyOf(small);
  await writeFile(join(app.folder, "web.cjs"), web);
  await writeFile(join(app.folder, "douze.yaml"), manifest);
  const formation = async (): Promise<Status["formation"]> => (await app.status()).formation;
  const settled = async (counts: Readonly<Record<string, number>>): Promise<void> =>
    await expect.poll(formation, { timeout: 60_000, interval: 500 }).toMatchObject(counts);
  {
    await using up = await app.up();
    expect(await formation()).toEqual({ web: 1, worker: 1, burner: 1 });
    await fetch(`${up.address}/set/25`);
    await settled({ worker: 3, burner: 2 });
    const why = await app.run("ps", "--why");
    expect(why.stdout).toMatch(/^worker: 3, between 1 and 4: jobs_waiting 25, 10 for each/m);
    expect(why.stdout).toMatch(/^burner: 2, between 1 and 2: cpu \d+ % of 50 %/m);
    expect((await app.ask<ScalingView[]>("ps", "worker")).filter(({ process }) => process === "worker")).toHaveLength(3);
    expect((await app.run("logs", "-p", "douze")).stdout).toMatch(/worker of v1 scaled from 1 to 3: jobs_waiting 25, 10 for each, so 3/);
    // A new release begins with what the load asks for, not with the least.
    expect((await app.run("config", "set", "NOTE=new")).code).toBe(0);
    expect(await formation()).toMatchObject({ worker: 3, burner: 2 });
    await fetch(`${up.address}/set/0`);
    await settled({ worker: 1 });
    // What a person sets holds until the load says otherwise; none is left alone.
    expect((await app.run("scale", "burner=0")).code).toBe(0);
    expect(await formation()).toMatchObject({ burner: 0 });
    const { stdout } = await app.run("ps", "--why");
    expect(stdout).toMatch(/^burner: 0, /m);
  }
});

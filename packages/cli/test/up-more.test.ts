import { mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CronRunView, CronView, RunView } from "@douze/engine";
import { expect, test } from "vitest";
import { AppFolder } from "./support/up.ts";

const small = join(import.meta.dirname, "fixtures/small");

async function withManifest(more: string): Promise<AppFolder> {
  const app = await AppFolder.copyOf(small);
  const manifest = join(app.folder, "douze.yaml");
  await writeFile(manifest, `${await readFile(manifest, "utf8")}${more}`);
  return app;
}

test("a cron entry runs as a one-off of the current release, and every run is on record", async () => {
  const app = await withManifest(
    'cron:\n  report: { command: "echo report of $DOUZE_RELEASE as $DYNO", schedule: "0 3 * * *", timezone: Europe/Berlin }\n  broken: { command: exit 4, schedule: "@yearly" }\n',
  );
  await using up = await app.up();
  const list = await app.ask<CronView[]>("cron");
  expect(list.map(({ entry, timeZone, overlap, next }) => [entry, timeZone, overlap, (next ?? 0) > Date.now()])).toEqual([
    ["report", "Europe/Berlin", "forbid", true],
    ["broken", "UTC", "forbid", true],
  ]);
  const { run } = await app.ask<CronRunView>("cron", "run", "report");
  expect((await app.run("cron", "run", "broken")).code).toBe(0);
  const runs = await up.until(
    () => app.ask<CronRunView[]>("cron", "runs"),
    (all) => all.every(({ result }) => result !== "running"),
  );
  expect(runs.map(({ entry, result, release }) => [entry, result, release])).toEqual([
    ["report", "succeeded", 1],
    ["broken", "failed", 1],
  ]);
  expect((await app.run("logs", "-p", run)).stdout).toContain("report of v1 as cron.report.");
  expect(await app.run("cron", "run", "nothing")).toMatchObject({ code: 1, stderr: expect.stringContaining("code: cron-unknown") });
});

test("a one-off in the background is recorded, and what it wrote is in the log", async () => {
  const app = await AppFolder.copyOf(small);
  await using up = await app.up();
  const started = await app.run("run", "--detach", "--json", "--", "sh", "-c", "echo done by $DOUZE_PROCESS; exit 5");
  const { run } = JSON.parse(started.stdout) as RunView;
  const ended = await up.until(
    async () => (await app.ask<RunView[]>("runs")).find((each) => each.run === run),
    (each) => each?.outcome !== undefined,
  );
  expect(ended?.outcome).toEqual({ by: "exit", code: 5 });
  expect((await app.run("logs", "-p", run)).stdout).toContain(`done by ${run}`);
});

test("a scale, a restart of the engine, maintenance, and an end from another terminal", async () => {
  const app = await AppFolder.copyOf(small);
  const first = await app.up();
  expect((await app.run("scale", "web=3", "worker=0")).code).toBe(0);
  const names = async (): Promise<string[]> => (await first.processes()).filter(({ phase }) => phase === "ready").map(({ name }) => name);
  await first.until(names, (ready) => ready.join() === "web.1,web.2,web.3");
  await first.stop();

  await using second = await app.up();
  expect((await second.processes()).map(({ name }) => name)).toEqual(["web.1", "web.2", "web.3"]);
  expect((await app.run("maintenance", "on")).code).toBe(0);
  const closed = await second.until(
    () =>
      fetch(second.address).then(
        async (response) => [response.status, response.headers.get("douze-error"), await response.text()] as const,
      ),
    ([status]) => status === 503,
  );
  expect(closed[1]).toBe("maintenance");
  expect((await app.run("maintenance", "off")).code).toBe(0);
  await second.until(
    async () => {
      const response = await fetch(second.address);
      await response.text();
      return response.status;
    },
    (status) => status === 200,
  );
  expect((await app.run("stop")).code).toBe(0);
  expect((await second.running.ended).code).toBe(0);
});

test("a live key is a file behind `..data`, and values keep their newlines and quotes", async () => {
  const app = await AppFolder.copyOf(small);
  await using up = await app.up();
  const value = 'two\nlines with "quotes" and $dollars\n';
  await writeFile(join(app.folder, "note.txt"), value);
  const live = join(app.folder, ".douze/environments/development/live/v1");
  const before = await readlink(join(live, "..data"));
  expect((await app.run("config", "set", "--from-file", "NOTE=note.txt")).code).toBe(0);
  expect((await up.state()).note).toBe(value);
  expect(await readlink(join(live, "NOTE"))).toBe("..data/NOTE");
  expect(await readlink(join(live, "..data"))).not.toBe(before);
  await writeFile(join(app.folder, "values.env"), 'TEXT="imported\nin two lines"\n');
  expect((await app.run("config", "import", "values.env")).code).toBe(0);
  expect(await up.state()).toMatchObject({ text: "imported\nin two lines", note: value, release: "v2" });
});

test("the damaged ledger of another environment is in nobody's way", async () => {
  const app = await AppFolder.copyOf(small);
  await using up = await app.up();
  const other = join(app.folder, ".douze/environments/staging/ledger");
  await mkdir(other, { recursive: true });
  await writeFile(join(other, "v1.json"), "");
  expect((await app.run("config", "set", "TEXT=second")).code).toBe(0);
  expect((await up.state()).text).toBe("second");
  expect((await app.run("logs", "-p", "douze")).stdout).toContain("old builds were not removed");
  expect(await app.run("releases", "--env", "staging")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("code: ledger-unreadable"),
  });
});

test("an inventory that names what the manifest does not have is refused, with what was meant", async () => {
  const app = await AppFolder.copyOf(small);
  await mkdir(join(app.folder, "inventory"));
  await writeFile(join(app.folder, "inventory/development.yaml"), "scale: { wroker: 2 }\n");
  const { code, stderr } = await app.run("deploy");
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean `worker`?") });
  expect(stderr).toContain("code: inventory-invalid");
  expect(await app.ask<unknown[]>("releases")).toEqual([]);
});

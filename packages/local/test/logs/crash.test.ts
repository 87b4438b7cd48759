import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Instant, ReleaseVersion } from "@douze/core";
import type { CrashBundle } from "@douze/engine";
import { expect, test } from "vitest";
import { Crashes } from "../../src/logs/crash.ts";
import { Bench } from "./support/spools.ts";

function bundle(number: number, process = "web.1"): CrashBundle {
  const at = (1_763_000_000_000 + number) as Instant;
  const line = { at, process, release: "v3", stream: "stderr", text: "Error: no" } as const;
  const release = 3 as ReleaseVersion;
  return {
    id: `crash/${number}`,
    process,
    release,
    at,
    startedAt: at,
    ending: "exited with status 3",
    command: "node web.js",
    restarts: 1,
    lines: [line],
  };
}

test("bundles are listed newest first, by process", async () => {
  await using bench = await Bench.make();
  const crashes = new Crashes(bench.store);
  expect(await crashes.list()).toEqual([]);
  for (const one of [bundle(9), bundle(10, "worker.1"), bundle(11, "web.2")]) await crashes.save(one);
  expect(await crashes.list()).toEqual([bundle(11, "web.2"), bundle(10, "worker.1"), bundle(9)]);
  expect(await crashes.list("web")).toEqual([bundle(11, "web.2"), bundle(9)]);
  expect(await crashes.list("web.1")).toEqual([bundle(9)]);
});

test("the last fifty are kept", async () => {
  await using bench = await Bench.make();
  const crashes = new Crashes(bench.store);
  for (let number = 0; number < 53; number++) await crashes.save(bundle(number));
  const kept = await crashes.list();
  expect(kept).toHaveLength(50);
  expect(kept.at(-1)).toEqual(bundle(3));
  expect(await readdir(join(bench.store, "crashes"))).toHaveLength(50);
});

test("of many that come at once the newest fifty are kept, and none is refused for another's sake", async () => {
  await using bench = await Bench.make();
  const crashes = new Crashes(bench.store);
  for (const wave of [0, 200, 400]) await Promise.all(Array.from({ length: 200 }, (_, index) => crashes.save(bundle(wave + index))));
  expect((await crashes.list()).map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => `crash/${599 - index}`));
  expect(await readdir(join(bench.store, "crashes"))).toHaveLength(50);
});

test("an unreadable file hides no other; alone it is a problem", async () => {
  await using bench = await Bench.make();
  const crashes = new Crashes(bench.store);
  await crashes.save(bundle(1));
  const folder = join(bench.store, "crashes");
  const [file = ""] = await readdir(folder);
  await writeFile(join(folder, "001763000000002-web.1-x.json"), "{ torn");
  expect(await crashes.list()).toEqual([bundle(1)]);
  await writeFile(join(folder, file), '{"id":1}');
  await expect(crashes.list()).rejects.toMatchObject({ code: "crash-unreadable" });
});

test("what cannot be kept is told", async () => {
  await using bench = await Bench.make();
  await writeFile(bench.store, "");
  await expect(new Crashes(bench.store).save(bundle(1))).rejects.toMatchObject({ code: "log-write-failed" });
});

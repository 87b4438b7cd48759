import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeLive } from "../src/live.ts";

const now = Date.UTC(2026, 10, 20, 3, 4, 5, 678);

function folder(): string {
  const path = join(mkdtempSync(join(tmpdir(), "douze-live-")), "v12");
  onTestFinished(() => rmSync(join(path, ".."), { recursive: true }));
  return path;
}

test("the folder looks as Kubernetes mounts a ConfigMap", async () => {
  const live = folder();
  expect(await writeLive(live, { GREETING: "hola", EMPTY: "" }, now)).toBe(true);
  expect(readdirSync(live).sort()).toEqual(["..2026_11_20_03_04_05.678000000", "..data", "EMPTY", "GREETING"]);
  expect(readlinkSync(join(live, "..data"))).toBe("..2026_11_20_03_04_05.678000000");
  expect(readlinkSync(join(live, "GREETING"))).toBe("..data/GREETING");
  expect(readFileSync(join(live, "GREETING"), "utf8")).toBe("hola");
  expect(readFileSync(join(live, "EMPTY"), "utf8")).toBe("");
});

test("a change swaps all values, drops what is gone, and leaves one folder", async () => {
  const live = folder();
  await writeLive(live, { A: "1", B: "1" }, now);
  await writeLive(live, { B: "2", C: "2" }, now);
  expect(readdirSync(live).sort()).toEqual(["..2026_11_20_03_04_05.678000001", "..data", "B", "C"]);
  expect(["B", "C"].map((key) => readFileSync(join(live, key), "utf8"))).toEqual(["2", "2"]);
});

test("whoever watches the folder sees one rename of ..data", async () => {
  const live = folder();
  await writeLive(live, { A: "1" }, now);
  const { promise, resolve } = Promise.withResolvers<string>();
  const watcher = watch(live, (_event, name) => {
    if (name === "..data") resolve(readFileSync(join(live, "A"), "utf8"));
  });
  await writeLive(live, { A: "2" }, now + 1);
  expect(await promise).toBe("2");
  watcher.close();
});

test("the same values touch nothing", async () => {
  const live = folder();
  await writeLive(live, { A: "1" }, now);
  const before = readlinkSync(join(live, "..data"));
  expect(await writeLive(live, { A: "1" }, now + 1)).toBe(false);
  expect(readlinkSync(join(live, "..data"))).toBe(before);
});

test("a swap that was cut off by a kill is cleaned up by the next", async () => {
  const live = folder();
  await writeLive(live, { A: "1" }, now);
  mkdirSync(join(live, "..2026_11_20_00_00_00.000000000"));
  writeFileSync(join(live, "..2026_11_20_00_00_00.000000000", "A"), "half");
  symlinkSync("..2026_11_20_00_00_00.000000000", join(live, "..data_tmp"));
  rmSync(join(live, "A"));
  expect(await writeLive(live, { A: "1" }, now)).toBe(false);
  expect(readdirSync(live).sort()).toEqual(["..2026_11_20_03_04_05.678000000", "..data", "A"]);
  expect(readFileSync(join(live, "A"), "utf8")).toBe("1");
});

test.each(["../escape", "a/b", ".hidden", "", "..data"])("%j is no name of a key", async (key) => {
  const live = folder();
  await expect(writeLive(live, { [key]: "x" }, now)).rejects.toMatchObject({ code: "name-invalid" });
  expect(() => readdirSync(live)).toThrow();
  mkdirSync(live, { recursive: true });
});

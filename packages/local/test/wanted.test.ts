import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Instant, ProcessType, ReleaseVersion } from "@douze/core";
import { expect, onTestFinished, test } from "vitest";
import { Wanted } from "../src/wanted.ts";

const v = (number: number): ReleaseVersion => number as ReleaseVersion;
const t = (ms: number): Instant => ms as Instant;
const web = "web" as ProcessType;
const scale = { count: 2, freshSince: t(5), freshSlots: { 1: t(7) } };

function path(): string {
  const folder = mkdtempSync(join(tmpdir(), "douze-wanted-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "wanted.json");
}

test("what was asked for is there again", () => {
  const file = path();
  const wanted = Wanted.open(file);
  wanted.scale(v(2), web, scale);
  wanted.scale(v(1), web, scale);
  wanted.drain(v(1), t(100));
  wanted.route(v(2));
  wanted.maintain(true);
  const again = Wanted.open(file);
  expect(again.releases).toEqual([
    { release: 1, scale: { web: scale }, draining: 100 },
    { release: 2, scale: { web: scale } },
  ]);
  expect(again).toMatchObject({ routed: 2, maintenance: true });
});

test("a drain that is asked for again wins no time; a scale takes it back", () => {
  const wanted = Wanted.open(path());
  wanted.drain(v(1), t(100));
  wanted.drain(v(1), t(200));
  expect(wanted.releases).toEqual([{ release: 1, scale: {}, draining: 100 }]);
  wanted.scale(v(1), web, scale);
  expect(wanted.releases).toEqual([{ release: 1, scale: { web: scale } }]);
});

test("what is retired is not routed any more; what ends keeps the answer to visitors", () => {
  const wanted = Wanted.open(path());
  wanted.scale(v(1), web, scale);
  wanted.route(v(1));
  wanted.maintain(true);
  wanted.retire(v(1));
  expect(wanted.releases).toEqual([]);
  expect(wanted.routed).toBeUndefined();
  wanted.scale(v(2), web, scale);
  wanted.clear();
  expect(wanted).toMatchObject({ releases: [], maintenance: true });
});

import type { Instant, ProcessType, ReleaseVersion, RunName, Step } from "@douze/core";
import type { Runnable } from "@douze/engine";
import { expect, test } from "vitest";
import { MemoryShelf, Repository } from "../src/index.ts";
import { keptNames, readRepositoryState, withFrozen } from "../src/plan/repository-state.ts";
import { image, written } from "./support/release.ts";

const manifest = "app: shop\nprocesses:\n  web: node web.js\nrelease: node migrate.js\nconfig:\n  COLOUR: blue\n";
const signal = new AbortController().signal;

/** As a command that begins anew: what it knows lies on the shelf. */
function driver(shelf: MemoryShelf, colour = "blue"): Repository {
  const from = (version: number) => written({ manifest, version, config: { COLOUR: version === 1 ? "blue" : colour } });
  return new Repository({
    shelf,
    target: from(1).target,
    gitops: { format: "flux", revision: "main", project: "default", decryption: "sops-age" },
    path: "deploy",
    runnable: async (version) => {
      const { release, env } = from(version);
      return { release, env, tree: "/app", live: {} } satisfies Runnable;
    },
    image: async () => ({ image, language: "node" }),
    nameKey: new Uint8Array(),
    encrypt: () => "sealed",
    clock: () => 5 as Instant,
    onNote: () => undefined,
  });
}

const scale = (release: number, count: number): Step => ({
  do: "scale",
  release: release as ReleaseVersion,
  process: "web" as ProcessType,
  count,
  freshSince: 0 as Instant,
  freshSlots: {},
});
const task = (release: number): Step => ({
  do: "run-once",
  release: release as ReleaseVersion,
  run: `release.${release}` as RunName,
  command: "node migrate.js",
  timeoutMs: 1000,
});
const route = (release: number): Step => ({ do: "route", release: release as ReleaseVersion });
const jobs = ({ files }: MemoryShelf): string[] => [...files.keys()].filter((path) => path.includes("-job-"));

test("a task that was asked for is laid out by whoever takes the next step", async () => {
  const shelf = new MemoryShelf();
  for (const step of [task(1), scale(1, 2), route(1)]) await driver(shelf).apply(step, signal);
  expect(jobs(shelf)).toEqual([expect.stringMatching(/^release\/40-job-shop-release-v1-[0-9a-f]{8}\.yaml$/)]);
  // A release whose task is not due has none, and keeps none of another release.
  for (const step of [scale(2, 2), route(2)]) await driver(shelf).apply(step, signal);
  expect(jobs(shelf)).toEqual([]);
});

test("what is asked for counts as there, a release that is on trial is not written, and a step taken twice is one", async () => {
  const shelf = new MemoryShelf();
  const one = driver(shelf);
  for (const step of [scale(1, 2), route(1)]) await one.apply(step, signal);
  const before = new Map(shelf.files);
  await one.apply(scale(2, 3), signal);
  expect(shelf.files).toEqual(before);
  const observed = await one.observe(signal)[Symbol.asyncIterator]().next();
  expect(observed.value).toMatchObject({
    routed: 1,
    releases: [
      { release: 1, processes: [{ phase: "ready" }, { phase: "ready" }] },
      { release: 2, processes: [{ phase: "ready" }, { phase: "ready" }, { phase: "ready" }] },
    ],
  });
  await one.apply(route(2), signal);
  const after = new Map(shelf.files);
  await driver(shelf).apply(route(2), signal);
  expect(shelf.files).toEqual(after);
  await expect(one.apply({ ...task(2), run: "run.7" as RunName } as Step, signal)).rejects.toMatchObject({ code: "target-unfit" });
});

test("what former releases froze is kept for as long as the cluster keeps their pods' sets, and goes then", async () => {
  const shelf = new MemoryShelf();
  for (let version = 1; version <= 8; version++)
    for (const step of [scale(version, 1), route(version)]) await driver(shelf, `colour-${version}`).apply(step, signal);
  const configs = [...shelf.files.keys()].filter((path) => path.includes("-config-"));
  expect(configs).toHaveLength(5);
  expect(Object.keys(shelf.state.frozen)).toEqual(["4", "5", "6", "7", "8"]);
  expect(keptNames({ 1: ["a", "b"], 2: ["b", "c"] }, ["c"])).toEqual(["a", "b"]);
  const again = withFrozen(shelf.state, 8 as ReleaseVersion, ["z", "a"]);
  expect(again.frozen["8"]).toEqual(["a", "z"]);
});

test("a state that somebody changed is told, and nothing is lost", () => {
  for (const text of ["", "{", "{}", '{"target":{},"files":[],"frozen":{}}'])
    expect(() => readRepositoryState(text, "deploy/ledger/state.json")).toThrow(expect.objectContaining({ code: "ledger-unreadable" }));
});

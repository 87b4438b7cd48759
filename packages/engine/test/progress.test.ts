import type { Observed, ObservedProcess, ProcessType, RunName } from "@douze/core";
import { expect, test } from "vitest";
import { progressOf } from "../src/progress.ts";
import { at, version } from "./support/release.ts";

const slot = { process: "web" as ProcessType, index: 1, release: version(2) };
const starting: ObservedProcess = { slot, restarts: 0, phase: "starting", pid: 7, startedAt: at(0) };
const ready: ObservedProcess = { slot, restarts: 0, phase: "ready", pid: 7, startedAt: at(0), readyAt: at(1) };
const fallen: ObservedProcess = {
  slot,
  restarts: 0,
  phase: "exited",
  restartAt: at(9),
  last: { at: at(1), outcome: { by: "exit", code: 3 }, wasReady: false },
};

const seen = (processes: ObservedProcess[], rest: Partial<Observed> = {}): Observed => ({
  at: at(0),
  maintenance: false,
  runs: [],
  releases: [{ release: version(2), scale: {}, draining: false, processes }],
  ...rest,
});
const texts = (before: Observed | undefined, after: Observed): string[] => progressOf(before, after, version(2)).map((event) => event.text);

test("tells each change of a process once", () => {
  expect(texts(undefined, seen([starting]))).toEqual(["web.1 starting"]);
  expect(texts(seen([starting]), seen([ready]))).toEqual(["web.1 ready"]);
  expect(texts(seen([ready]), seen([ready]))).toEqual([]);
  expect(texts(seen([starting]), seen([fallen]))).toEqual(["web.1 exited with status 3"]);
});

test("tells of the task and of the cut-over", () => {
  const name = "release.2" as RunName;
  const running = seen([], { runs: [{ phase: "running", name, release: version(2), pid: 1, startedAt: at(0) }] });
  const ended = seen([], {
    runs: [
      { phase: "exited", name, release: version(2), startedAt: at(0), endedAt: at(1), outcome: { by: "exit", code: 0 }, timedOut: false },
    ],
  });
  expect(texts(seen([]), running)).toEqual(["release task started"]);
  expect(texts(running, ended)).toEqual(["release task exited with status 0"]);
  expect(texts(seen([ready]), seen([ready], { routed: version(2) }))).toEqual(["requests go to v2"]);
});

import { endOfTime, type Instant, type ProcessType, type ReleaseVersion, type Slot } from "@douze/core";
import { expect, test } from "vitest";
import { type Action, type SlotPast, type SlotProcess, supervise, type WantedRelease } from "../../src/plan/supervise.ts";

const t = (ms: number): Instant => ms as Instant;
const release = 4 as ReleaseVersion;
const web = "web" as ProcessType;
const slot = (index: number): Slot => ({ process: web, index, release });
const now = t(10_000);

function wanted(count: number, rest: Partial<WantedRelease["scale"][ProcessType]> & { readonly draining?: number } = {}): WantedRelease {
  const { draining, ...scale } = rest;
  return {
    release,
    scale: { [web]: { count, freshSince: t(0), freshSlots: {}, ...scale } },
    ...(draining !== undefined && { draining: t(draining) }),
  };
}

type Rest = {
  readonly index?: number;
  readonly startedAt?: number;
  readonly routed?: boolean;
  readonly due?: "boot-timeout" | "liveness" | "memory";
};

function one(id: string, phase: "starting" | "ready", { index = 1, startedAt = 1_000, routed = true, due }: Rest = {}): SlotProcess {
  return { id, slot: slot(index), startedAt: t(startedAt), routed, phase, ...(due && { due }) };
}

function ending(
  id: string,
  reason: "restart" | "memory" | "boot-timeout" | "liveness" | "scaled",
  rest: Rest & { readonly deadline?: number; readonly killed?: boolean } = {},
): SlotProcess {
  const { index = 1, startedAt = 1_000, routed = true, deadline = 40_000, killed = false } = rest;
  return { id, slot: slot(index), startedAt: t(startedAt), routed, phase: "stopping", reason, deadline: t(deadline), killed };
}

const past = (at: number, restartAt: number, index = 1): SlotPast => ({ slot: slot(index), at: t(at), restartAt: t(restartAt) });
const start = (index = 1): Action => ({ do: "start", slot: slot(index) });
const stop = (id: string, reason: "scaled" | "restart" | "memory" | "liveness" | "boot-timeout"): Action => ({ do: "stop", id, reason });
const stops40 = { do: "wake", at: 40_000 };

test.each<[string, WantedRelease, readonly SlotProcess[], readonly SlotPast[], readonly unknown[]]>([
  ["empty slots are filled", wanted(2), [], [], [start(1), start(2)]],
  ["filled ones are left alone", wanted(2), [one("a", "ready"), one("b", "starting", { index: 2 })], [], []],
  [
    "what is over the count is stopped",
    wanted(1),
    [one("a", "ready"), one("b", "ready", { index: 2 }), one("c", "starting", { index: 3 })],
    [],
    [stop("b", "scaled"), stop("c", "scaled")],
  ],
  ["nothing is wanted", wanted(0), [one("a", "ready")], [], [stop("a", "scaled")]],
  ["one that ended is started again when it is time", wanted(1), [], [past(9_000, 9_500)], [start()]],
  ["and not before", wanted(1), [], [past(9_000, 12_000)], [{ do: "wake", at: 12_000 }]],
  ["exit 78: never by itself", wanted(1), [], [past(9_000, endOfTime)], []],
  ["but when somebody asks", wanted(1, { freshSince: t(9_500) }), [], [past(9_000, endOfTime)], [start()]],
  [
    "a restart that was asked for does not wait for a pause",
    wanted(1, { freshSlots: { 1: t(9_500) } }),
    [],
    [past(9_000, 60_000)],
    [start()],
  ],
  ["a slot whose process is ending is filled beside it", wanted(1), [ending("a", "liveness")], [], [stops40, start()]],
  ["not after a failure to boot: the pause counts from the end", wanted(1), [ending("a", "boot-timeout")], [], [stops40]],
  [
    "sick ones are stopped",
    wanted(2),
    [one("a", "ready", { due: "liveness" }), one("b", "starting", { index: 2, due: "boot-timeout" })],
    [],
    [stop("a", "liveness"), stop("b", "boot-timeout")],
  ],
  ["too much memory: a routed one is replaced first", wanted(1), [one("a", "ready", { due: "memory" })], [], [start()]],
  ["then stopped", wanted(1), [one("a", "ready", { due: "memory" }), one("b", "ready", { startedAt: 2_000 })], [], [stop("a", "memory")]],
  ["one without requests is stopped first", wanted(1), [one("a", "ready", { due: "memory", routed: false })], [], [stop("a", "memory")]],
  ["and its slot filled when it has ended", wanted(1), [ending("a", "memory", { routed: false })], [], [stops40]],
  [
    "a refresh starts a replacement beside the old process",
    wanted(2, { freshSince: t(5_000) }),
    [one("a", "ready"), one("b", "ready", { index: 2 })],
    [],
    [start(1)],
  ],
  [
    "waits until it is ready",
    wanted(2, { freshSince: t(5_000) }),
    [one("a", "ready"), one("n", "starting", { startedAt: 6_000 }), one("b", "ready", { index: 2 })],
    [],
    [],
  ],
  [
    "then stops the old one",
    wanted(2, { freshSince: t(5_000) }),
    [one("a", "ready"), one("n", "ready", { startedAt: 6_000 }), one("b", "ready", { index: 2 })],
    [],
    [stop("a", "restart")],
  ],
  [
    "and waits for its end before the next slot's turn",
    wanted(2, { freshSince: t(5_000) }),
    [ending("a", "restart"), one("n", "ready", { startedAt: 6_000 }), one("b", "ready", { index: 2 })],
    [],
    [stops40],
  ],
  [
    "the next slot's turn",
    wanted(2, { freshSince: t(5_000) }),
    [one("n", "ready", { startedAt: 6_000 }), one("b", "ready", { index: 2 })],
    [],
    [start(2)],
  ],
  [
    "all are fresh",
    wanted(2, { freshSince: t(5_000) }),
    [one("n", "ready", { startedAt: 6_000 }), one("m", "ready", { startedAt: 7_000, index: 2 })],
    [],
    [],
  ],
  [
    "a single slot is refreshed",
    wanted(2, { freshSlots: { 2: t(5_000) } }),
    [one("a", "ready"), one("b", "ready", { index: 2 })],
    [],
    [start(2)],
  ],
  [
    "a replacement that failed is tried again after its pause, the old one serving",
    wanted(1, { freshSince: t(5_000) }),
    [one("a", "ready")],
    [past(9_000, 12_000)],
    [{ do: "wake", at: 12_000 }],
  ],
  [
    "a stale one that is not ready is stopped outright",
    wanted(1, { freshSince: t(5_000) }),
    [one("a", "starting")],
    [],
    [stop("a", "restart")],
  ],
  [
    "a refresh asked for again in the middle of one",
    wanted(1, { freshSince: t(8_000) }),
    [one("a", "ready"), one("n", "starting", { startedAt: 6_000 })],
    [],
    [stop("n", "restart")],
  ],
  [
    "two ready ones in a slot, as a killed engine may leave them: the older goes",
    wanted(1),
    [one("a", "ready"), one("n", "ready", { startedAt: 6_000 })],
    [],
    [stop("a", "restart")],
  ],
  [
    "a drained release ends, by its deadline",
    wanted(1, { draining: 50_000 }),
    [one("a", "ready"), one("b", "starting", { index: 2 })],
    [],
    ["a", "b"].map((id) => ({ do: "stop", id, reason: "retired", deadline: 50_000 })),
  ],
  ["and forgets its slots", wanted(1, { draining: 50_000 }), [], [past(9_000, 9_500)], [{ do: "forget", slot: slot(1) }]],
  [
    "a slot over the count is forgotten when it is empty",
    wanted(1),
    [one("a", "ready"), ending("b", "scaled", { index: 2 })],
    [past(9_000, 9_500, 2), past(9_000, 9_500, 3)],
    [stops40, { do: "forget", slot: slot(3) }],
  ],
  ["a deadline has come", wanted(1), [ending("a", "restart", { deadline: 9_000 }), one("n", "ready")], [], [{ do: "kill", id: "a" }]],
  ["SIGKILL is sent once", wanted(1), [ending("a", "restart", { deadline: 9_000, killed: true }), one("n", "ready")], [], []],
])("%s", (_name, want, processes, pasts, expected) => {
  expect(supervise({ wanted: [want], processes, pasts }, now)).toEqual(expected);
});

test.each([
  [
    { inFlight: true, until: 12_000 },
    { do: "wake", at: 12_000 },
  ],
  [
    { inFlight: true, until: 10_000 },
    { do: "terminate", id: "a" },
  ],
  [
    { inFlight: false, until: 12_000 },
    { do: "terminate", id: "a" },
  ],
])("requests in flight hold up SIGTERM, for a time: %j", ({ inFlight, until }, action) => {
  const draining: SlotProcess = {
    id: "a",
    slot: slot(1),
    startedAt: t(0),
    routed: true,
    phase: "draining",
    reason: "scaled",
    inFlight,
    until: t(until),
  };
  expect(supervise({ wanted: [wanted(0)], processes: [draining], pasts: [] }, now)).toEqual([action]);
});

test("when everything ends, what is routed goes first and nothing is started", () => {
  const processes = [one("a", "ready"), one("b", "ready", { index: 2, routed: false })];
  const at = (stage: "routed" | "all"): readonly Action[] => supervise({ wanted: [wanted(5)], processes, pasts: [], ending: stage }, now);
  expect(at("routed")).toEqual([{ do: "stop", id: "a", reason: "stopped" }]);
  expect(at("all")).toEqual(["a", "b"].map((id) => ({ do: "stop", id, reason: "stopped" })));
});

test("what nobody has asked about is left alone", () => {
  expect(supervise({ wanted: [{ release, scale: {} }], processes: [one("a", "ready")], pasts: [] }, now)).toEqual([]);
  expect(supervise({ wanted: [], processes: [one("a", "ready")], pasts: [] }, now)).toEqual([]);
});

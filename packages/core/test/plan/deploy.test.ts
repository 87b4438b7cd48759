import { type Desired, deploy } from "@douze/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, exit, observed, observedRelease, process, task, type, version, World, wanted } from "../support/world.ts";

const now = at(1000);
const v1 = wanted(1, { web: 2 });
const v2 = wanted(2, { web: 2 });
const serving = observedRelease(1, { web: 2 }, [process(1, "web.1", "ready"), process(1, "web.2", "ready")]);

describe("deploy", () => {
  test("starts the current release and routes to it when nothing runs", () => {
    const { steps } = deploy({ current: v1, maintenance: false }, observed([]), now);
    expect(steps).toMatchObject([
      { do: "scale", release: 1, process: "web", count: 2 },
      { do: "route", release: 1 },
    ]);
  });

  test("is quiet when all is as it should be", () => {
    expect(deploy({ current: v1, maintenance: false }, observed([serving], 1), now)).toEqual({ steps: [] });
  });

  test("runs the release task before any process of the candidate", () => {
    const desired: Desired = { current: v1, candidate: { ...v2, task: task(2) }, maintenance: false };
    expect(deploy(desired, observed([serving], 1), now).steps).toMatchObject([{ do: "run-once", run: "release.2" }]);
  });

  test.each([
    [{ by: "exit", code: 3 } as const, false, "it exited with status 3"],
    [{ by: "signal", signal: "SIGSEGV" } as const, false, "it was killed by SIGSEGV"],
    [{ by: "signal", signal: "SIGTERM" } as const, true, "it did not end within 1 s"],
    [{ by: "unknown" } as const, false, "it ended without anyone seeing how"],
  ])("gives the candidate up when its task ended with %j", (outcome, timedOut, why) => {
    const desired: Desired = { current: v1, candidate: { ...v2, task: task(2) }, maintenance: false };
    const run = { phase: "exited" as const, name: task(2).run, release: version(2), startedAt: at(0), endedAt: at(1), outcome, timedOut };
    const decision = deploy(desired, observed([serving], 1, [run]), now);
    expect(decision).toEqual({ steps: [], verdict: { kind: "failed", release: 2, step: "task", why, process: "release.2" } });
  });

  test("does not move requests before every process of the candidate is ready", () => {
    const half = observedRelease(2, { web: 2 }, [process(2, "web.1", "ready"), process(2, "web.2", "starting")]);
    expect(deploy({ current: v1, candidate: v2, maintenance: false }, observed([serving, half], 1), now)).toEqual({ steps: [] });
  });

  test("gives the candidate up at its first exit", () => {
    const fallen = observedRelease(2, { web: 2 }, [process(2, "web.1", "exited", { last: exit(1) }), process(2, "web.2", "ready")]);
    const { verdict } = deploy({ current: v1, candidate: v2, maintenance: false }, observed([serving, fallen], 1), now);
    expect(verdict).toEqual({ kind: "failed", release: 2, step: "boot", why: "it exited with status 1", process: "web.1" });
  });

  test("counts an exit with status 0 as a failure too, since it should stay up", () => {
    const fallen = observedRelease(2, { web: 1 }, [process(2, "web.1", "exited", { last: exit(0) })]);
    const { verdict } = deploy({ candidate: wanted(2, { web: 1 }), maintenance: false }, observed([fallen]), now);
    expect(verdict).toMatchObject({ kind: "failed", why: "it exited with status 0, but it should stay up" });
  });

  test("moves requests, and only then drains what served before", () => {
    const fresh = observedRelease(2, { web: 2 }, [process(2, "web.1", "ready"), process(2, "web.2", "ready")]);
    const desired: Desired = { current: v2, maintenance: false };
    expect(deploy(desired, observed([serving, fresh], 1), now).steps).toEqual([{ do: "route", release: 2 }]);
    expect(deploy(desired, observed([serving, fresh], 2), now).steps).toMatchObject([{ do: "drain", release: 1 }]);
    expect(deploy(desired, observed([observedRelease(1, { web: 2 }, [], true), fresh], 2), now).steps).toEqual([
      { do: "retire", release: 1 },
    ]);
  });

  test("after a crash between verdict and cut-over, keeps requests on what serves until the new release is ready", () => {
    const starting = observedRelease(2, { web: 2 }, [process(2, "web.1", "starting"), process(2, "web.2", "starting")]);
    const { steps } = deploy({ current: v2, maintenance: false }, observed([serving, starting]), now);
    expect(steps).toEqual([{ do: "route", release: 1 }]);
  });

  test("asks for fresh processes by type and by slot", () => {
    const desired: Desired = {
      current: { ...v1, freshSince: { [type("web")]: at(7) }, freshSlots: { "web.2": at(9), "worker.1": at(9) } },
      maintenance: false,
    };
    expect(deploy(desired, observed([serving], 1), now).steps).toMatchObject([{ do: "scale", freshSince: 7, freshSlots: { 2: 9 } }]);
  });

  test("turns maintenance on and off", () => {
    expect(deploy({ current: v1, maintenance: true }, observed([serving], 1), now).steps).toEqual([{ do: "maintain", on: true }]);
  });

  test("answers equally on equal input", () => {
    const desired: Desired = { current: v1, candidate: { ...v2, task: task(2) }, maintenance: true };
    expect(deploy(desired, observed([serving], 1), now)).toEqual(
      deploy(structuredClone(desired), structuredClone(observed([serving], 1)), now),
    );
  });
});

describe("looking again and again", () => {
  const journey = fc.record({
    from: fc.record({ web: fc.integer({ min: 1, max: 3 }), worker: fc.integer({ min: 0, max: 2 }) }),
    to: fc.record({ web: fc.integer({ min: 1, max: 3 }), worker: fc.integer({ min: 0, max: 2 }) }),
    withTask: fc.boolean(),
    taskCode: fc.constantFrom(0, 1),
    breaks: fc.boolean(),
    picks: fc.infiniteStream(fc.nat()),
  });

  test("ends in the release that holds, never without capacity, and runs the task once", () => {
    fc.assert(
      fc.property(journey, ({ from, to, withTask, taskCode, breaks, picks }) => {
        const world = new World({ taskCode, broken: breaks ? [2] : [] });
        const old = wanted(1, from);
        const young = { ...wanted(2, to), ...(withTask && { task: task(2) }) };
        let current = old;
        let candidate: typeof young | undefined;
        let settled = false;
        const look = (): boolean => {
          const { steps, verdict } = deploy({ current, ...(candidate && { candidate }), maintenance: false }, world.observe(), now);
          for (const step of steps) world.take(step);
          if (verdict?.kind === "succeeded") current = young;
          if (verdict) candidate = undefined;
          return steps.length > 0 || verdict !== undefined;
        };
        for (let turn = 0; turn < 400; turn += 1) {
          const busy = look();
          if (settled) expect(world.ready(world.routed ?? 0)).toBeGreaterThan(0);
          const moves = world.moves();
          if (moves.length > 0) moves[picks.next().value % moves.length]?.();
          else if (!busy && !settled) {
            settled = true;
            candidate = young;
          } else if (!busy) break;
        }
        const fails = (withTask && taskCode !== 0) || breaks;
        expect(candidate).toBeUndefined();
        expect(world.routed).toBe(fails ? 1 : 2);
        expect(world.releases()).toEqual([fails ? 1 : 2]);
        expect(world.taskStarts.length).toBe(withTask ? 1 : 0);
      }),
    );
  });
});

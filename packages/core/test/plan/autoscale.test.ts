import { type Autoscale, autoscale, type Instant, noPast, readMetric, type ScalingPast, type ScalingSeen } from "@douze/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const byCpu: Autoscale = { min: 1, max: 100, cpuPercent: 50, upMs: 0, downMs: 300_000 };
const byQueue: Autoscale = { min: 1, max: 100, metric: { process: "web" as never, path: "/q", target: 10 }, upMs: 0, downMs: 0 };
const at = (seconds: number): Instant => (seconds * 1000) as Instant;

const ready = (...cores: readonly number[]): ScalingSeen["processes"] => cores.map((each) => ({ ready: true, cores: each }));
const seen = (declared: Autoscale, count: number, more: Partial<ScalingSeen>): ScalingSeen => ({
  declared,
  count,
  cores: 1,
  processes: [],
  ...more,
});
const count = (input: ScalingSeen, past: ScalingPast = noPast, now: Instant = at(10_000)): number => autoscale(input, past, now).count;

describe("by CPU", () => {
  test.each([
    ["twice as much as wanted", 2, [1, 1], 4],
    ["within a tenth: nothing", 2, [0.55, 0.55], 2],
    ["just over a tenth", 2, [0.56, 0.56], 3],
    ["half", 4, [0.25, 0.25, 0.25, 0.25], 2],
    ["nothing to do", 4, [0, 0, 0, 0], 2],
  ])("%s", (_name, now, cores, wanted) => {
    expect(count(seen(byCpu, now, { processes: ready(...cores) }))).toBe(wanted);
  });

  test("in per cent of what one counts on", () => {
    expect(count(seen(byCpu, 2, { cores: 0.5, processes: ready(0.5, 0.5) }))).toBe(4);
    expect(count(seen(byCpu, 2, { cores: 2, processes: ready(1, 1) }))).toBe(2);
  });

  test("one that starts counts as idle on the way up, so that a start is no reason for the next", () => {
    expect(count(seen(byCpu, 4, { processes: [...ready(1, 1), { ready: false }, { ready: false }] }))).toBe(4);
    expect(count(seen(byCpu, 3, { processes: [...ready(1, 1), { ready: false }] }))).toBe(4);
  });

  test("one that was not measured counts as wholly used on the way down, and idle on the way up", () => {
    expect(count(seen(byCpu, 4, { processes: [...ready(0.1, 0.1, 0.1), { ready: true }] }))).toBe(3);
    expect(count(seen(byCpu, 4, { processes: [...ready(0.1, 0.1), { ready: true }, { ready: true }] }))).toBe(4);
    expect(count(seen(byCpu, 2, { processes: [...ready(1), { ready: true }] }))).toBe(2);
  });

  test("nothing measured: nothing changes", () => {
    const { count: same, why } = autoscale(seen(byCpu, 3, { processes: [{ ready: true }] }), noPast, at(1));
    expect([same, why]).toEqual([3, "cpu not measured yet; fewer only when all is known"]);
  });
});

describe("by a number of the app", () => {
  test.each([
    [1, 35, 4],
    [4, 42, 4],
    [4, 45, 5],
    [4, 10, 2],
    [4, 0, 2],
    [10, 3, 5],
  ])("%i with %i to do", (now, metric, wanted) => {
    expect(count(seen(byQueue, now, { metric }))).toBe(wanted);
  });

  test("with CPU, whichever asks for more; what cannot be read takes nothing away", () => {
    const both = { ...byQueue, cpuPercent: 50 };
    expect(count(seen(both, 2, { metric: 40, processes: ready(0.1, 0.1) }))).toBe(4);
    expect(count(seen(both, 2, { metric: 0, processes: ready(1, 1) }))).toBe(4);
    expect(count(seen(both, 4, { processes: ready(0.1, 0.1, 0.1, 0.1) }))).toBe(4);
    expect(count(seen(both, 2, { processes: ready(1, 1) }))).toBe(4);
  });
});

describe("windows and pace", () => {
  test("the most that was asked for within the window holds on the way down", () => {
    const idle = seen(byCpu, 4, { processes: ready(0.25, 0.25, 0.25, 0.25) });
    const past = {
      ...noPast,
      asked: [
        { at: at(9_800), count: 3 },
        { at: at(9_000), count: 9 },
      ],
    };
    const held = autoscale(idle, past, at(10_000));
    expect(held.count).toBe(3);
    expect(held.why).toBe("cpu 25 % of 50 %, so 2; held at 3: more were asked for within 300 s");
    expect(count(idle, past, at(10_101))).toBe(2);
  });

  test("the least that was asked for within the window holds on the way up", () => {
    const busy = seen({ ...byCpu, upMs: 60_000 }, 2, { processes: ready(1, 1) });
    expect(count(busy, { ...noPast, asked: [{ at: at(9_970), count: 3 }] })).toBe(3);
    expect(count(busy, { ...noPast, asked: [{ at: at(9_970), count: 2 }] })).toBe(2);
    expect(count(busy, { ...noPast, asked: [{ at: at(9_939), count: 2 }] })).toBe(4);
  });

  test("up: twice as many or four more in a quarter of a minute; down: half in a minute", () => {
    expect(count(seen(byQueue, 1, { metric: 1000 }))).toBe(5);
    expect(count(seen(byQueue, 10, { metric: 1000 }))).toBe(20);
    expect(count(seen(byQueue, 20, { metric: 1000 }), { ...noPast, changes: [{ at: at(9_990), by: 10 }] })).toBe(20);
    expect(count(seen(byQueue, 20, { metric: 1000 }), { ...noPast, changes: [{ at: at(9_985), by: 10 }] })).toBe(40);
    expect(count(seen(byQueue, 10, { metric: 0 }))).toBe(5);
    expect(count(seen(byQueue, 5, { metric: 0 }), { ...noPast, changes: [{ at: at(9_950), by: -5 }] })).toBe(5);
    expect(count(seen(byQueue, 5, { metric: 0 }), { ...noPast, changes: [{ at: at(9_940), by: -5 }] })).toBe(2);
  });

  test("a clock that was set back holds nothing for ever", () => {
    const past = { asked: [{ at: at(99_999), count: 50 }], changes: [{ at: at(99_999), by: 50 }] };
    const { count: down, past: kept } = autoscale(seen(byQueue, 4, { metric: 0 }), past, at(10));
    expect(down).toBe(2);
    expect(kept.changes).toEqual([{ at: at(10), by: -2 }]);
  });
});

test("bounds hold at once, and none stays none", () => {
  const narrow = { ...byQueue, min: 2, max: 4 };
  expect(count(seen(narrow, 1, { metric: 0 }))).toBe(2);
  expect(count(seen(narrow, 9, { metric: 1000 }))).toBe(4);
  expect(count(seen(narrow, 3, { metric: 1000 }))).toBe(4);
  expect(count(seen(narrow, 3, { metric: 0 }))).toBe(2);
  expect(count(seen(narrow, 0, { metric: 1000 }))).toBe(0);
});

test("whatever is seen, the count stays within its bounds and what is remembered is bounded", () => {
  const load = fc.record({
    metric: fc.option(fc.nat(500), { nil: undefined }),
    cpu: fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(load, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 5, max: 20 }), (loads, min, max) => {
      const declared = { ...byQueue, cpuPercent: 50, min, max, downMs: 60_000 };
      let [now, past] = [min, noPast];
      for (const [index, { metric, cpu }] of loads.entries()) {
        const next = autoscale(
          seen(declared, now, { processes: ready(...cpu), ...(metric !== undefined && { metric }) }),
          past,
          at(index * 15),
        );
        expect(next.count).toBeGreaterThanOrEqual(min);
        expect(next.count).toBeLessThanOrEqual(max);
        expect(next.past.asked.length).toBeLessThanOrEqual(5);
        expect(next.past.changes.length).toBeLessThanOrEqual(5);
        ({ count: now, past } = next);
      }
    }),
  );
});

test.each([
  ["42\n", undefined, 42],
  ["", undefined, undefined],
  ["ok", undefined, undefined],
  ["-1", undefined, undefined],
  ['# HELP q x\n# TYPE q gauge\nq{queue="a"} 3\nq{queue="b} 9"} 4 1763000000000\nq_total 100\n', "q", 7],
  ["q NaN", "q", undefined],
  ["p 1", "q", undefined],
])("the number in %j", (text, name, value) => {
  expect(readMetric(text, name)).toBe(value);
});

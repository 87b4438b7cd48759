import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fate, World } from "../support/world.ts";

const fate = fc.record({
  bootMs: fc.integer({ min: 0, max: 3_000 }),
  failsToBoot: fc.boolean(),
  stopMs: fc.integer({ min: 0, max: 1_000 }),
});
const well: Fate = { bootMs: 50, failsToBoot: false, stopMs: 50 };

/** Some fates, then only good ones. */
function* fates(some: readonly Fate[]): Generator<Fate> {
  yield* some;
  for (;;) yield well;
}

function ready(world: World): number {
  return world.processes.filter(({ phase }) => phase === "ready").length;
}

/** Whether each wanted slot has one ready process that is fresh enough, and nothing else is there. */
function isAsWanted(world: World): boolean {
  const scale = world.wanted.scale["web" as keyof typeof world.wanted.scale];
  const { count = 0, freshSince = 0 } = scale ?? {};
  const good = world.processes.filter(({ phase, startedAt, slot }) => phase === "ready" && startedAt >= freshSince && slot.index <= count);
  return good.length === count && world.processes.length === count;
}

function untilAsWanted(world: World, check: () => void = () => undefined): void {
  for (let step = 0; step < 20_000; step++) {
    world.settle(check);
    check();
    if (isAsWanted(world)) return;
    world.pass(50);
    check();
  }
  expect.unreachable(`not as wanted: ${JSON.stringify(world.processes)}`);
}

test("whatever is wanted and whatever crashes, it comes to what is wanted", () => {
  const event = fc.oneof(
    fc.record({ do: fc.constant("want" as const), count: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ do: fc.constant("refresh" as const) }),
    fc.record({ do: fc.constant("crash" as const), which: fc.nat(9) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 12 }), fc.array(event, { maxLength: 20 }), (some, events) => {
      const world = new World(fates(some));
      let count = 2;
      for (const each of events) {
        if (each.do === "want") count = each.count;
        if (each.do === "pass") world.pass(each.ms);
        if (each.do === "crash") world.crash(world.processes[each.which]?.id ?? "");
        if (each.do === "want" || each.do === "refresh") world.want(count, each.do === "refresh" ? world.now : undefined);
        world.settle(() => undefined);
      }
      world.want(count, world.now);
      untilAsWanted(world);
    }),
    { numRuns: 200 },
  );
});

test("a refresh never stops a slot's last ready process, and replaces one slot at a time", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fate, { maxLength: 10 }), (count, some) => {
      const world = new World(fates([...Array.from({ length: count }, () => well), ...some]));
      world.want(count);
      untilAsWanted(world);
      world.pass(1);
      world.want(count, world.now);
      const slots = Array.from({ length: count }, (_, index) => index + 1);
      untilAsWanted(world, () => {
        expect(ready(world)).toBeGreaterThanOrEqual(count);
        for (const index of slots) expect(world.in(index).some(({ phase }) => phase === "ready")).toBe(true);
        expect(slots.filter((index) => world.in(index).length > 1).length).toBeLessThanOrEqual(1);
      });
    }),
    { numRuns: 200 },
  );
});

test("a slot is never filled twice but to refresh it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.array(fate, { maxLength: 10 }),
      fc.array(fc.nat(5), { maxLength: 8 }),
      (count, some, crashes) => {
        const world = new World(fates(some));
        world.want(count);
        const check = (): void => {
          for (let index = 1; index <= count; index++) expect(world.in(index).length).toBeLessThanOrEqual(1);
        };
        for (const which of crashes) {
          world.settle(check);
          world.pass(700);
          world.crash(world.processes[which]?.id ?? "");
        }
        untilAsWanted(world, check);
      },
    ),
    { numRuns: 200 },
  );
});

test("the same input gets the same answer, and what was done is not asked for again", () => {
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 6 }), fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 10 }), (some, pauses) => {
      const world = new World(fates(some));
      world.want(3);
      for (const ms of pauses) {
        expect(world.plan()).toEqual(world.plan());
        world.settle(() => undefined);
        expect(world.plan().filter((action) => action.do !== "wake")).toEqual([]);
        world.pass(ms);
      }
    }),
  );
});

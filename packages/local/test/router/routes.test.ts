import fc from "fast-check";
import { expect, test } from "vitest";
import { type AppRoute, pick, RouteTable } from "../../src/router/routes.ts";

const route = (app: string, hosts: string[], fallback = false): AppRoute => ({ app, hosts, fallback, targets: [], maintenance: false });

test("an exact name wins over a suffix, the longer suffix over the shorter, and the fallback takes the rest", () => {
  const table = new RouteTable();
  table.set(route("wide", ["*.example.org"]));
  table.set(route("narrow", ["*.shop.example.org"]));
  table.set(route("exact", ["a.shop.example.org"]));
  table.set(route("rest", [], true));
  const found = (host: string): string | undefined => table.find(host)?.app;
  expect(["a.shop.example.org", "b.shop.example.org", "c.example.org", "example.org", ""].map(found)).toEqual([
    "exact",
    "narrow",
    "wide",
    "rest",
    "rest",
  ]);
  table.remove("rest");
  expect(found("example.org")).toBeUndefined();
});

test("the least busy target is picked, equals in turn", () => {
  const targets = ["a", "b", "c"].map((name, index) => ({ name, port: index }));
  const idle = (): number => 0;
  expect([0, 1, 2, 3].map((turn) => pick(targets, idle, turn)?.name)).toEqual(["a", "b", "c", "a"]);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 }), fc.nat(), (loads, turn) => {
      const many = loads.map((_, index) => ({ name: String(index), port: index }));
      const picked = pick(many, (name) => loads[Number(name)] ?? 0, turn);
      expect(loads[Number(picked?.name)]).toBe(Math.min(...loads));
    }),
  );
});

test("one that was tried is not picked again, and nothing is picked when all were", () => {
  const targets = [{ name: "a", port: 1 }];
  expect(pick(targets, () => 0, 0, new Set(["a"]))).toBeUndefined();
});

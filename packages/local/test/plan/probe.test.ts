import type { Instant, ProcessDeclaration } from "@douze/core";
import { expect, test } from "vitest";
import { type Health, judge, nextProbe, probeWay, unproved, verdict } from "../../src/plan/probe.ts";

const health = { readiness: "/readyz", liveness: "/livez", intervalMs: 5_000, timeoutMs: 2_000, failures: 3 };
const common = { bootMs: 60_000, settleMs: 1_000 };
const http = { ...common, health, routed: true };
const accept = { ...common, routed: true };
const settle = { ...common, routed: false };
const t = (ms: number): Instant => ms as Instant;

function after(
  declared: Pick<ProcessDeclaration, "health" | "bootMs" | "settleMs" | "routed">,
  from: Health,
  ...answers: { readonly readiness?: boolean; readonly liveness?: boolean }[]
): Health {
  return answers.reduce((so, answer, index) => judge(declared, so, answer, t(index)), from);
}

test("health paths, else the port, else staying up", () => {
  expect([http, accept, settle].map(probeWay)).toEqual(["http", "accept", "settle"]);
  expect(probeWay({ ...settle, health })).toBe("http");
});

test("one good answer makes it ready", () => {
  expect(after(http, unproved(), { readiness: false }, { readiness: true })).toMatchObject({ ready: true, readyAt: 1, unready: 0 });
});

test("as many bad answers in a row as declared make it unready, and one good one ready again", () => {
  const ready = after(http, unproved(), { readiness: true });
  const bad = { readiness: false };
  expect(after(http, ready, bad, bad).ready).toBe(true);
  expect(after(http, ready, bad, bad, { readiness: true }, bad, bad).ready).toBe(true);
  const lost = after(http, ready, bad, bad, bad);
  expect(lost).toMatchObject({ ready: false, readyAt: 0 });
  expect(after(http, lost, { readiness: true })).toMatchObject({ ready: true, readyAt: 0 });
});

test("it is restarted after as many bad liveness answers in a row", () => {
  const ready = after(http, unproved(), { readiness: true });
  const bad = { readiness: true, liveness: false };
  expect(verdict(http, after(http, ready, bad, bad), t(0), t(9))).toBeUndefined();
  expect(verdict(http, after(http, ready, bad, bad, { readiness: true, liveness: true }, bad, bad), t(0), t(9))).toBeUndefined();
  expect(verdict(http, after(http, ready, bad, bad, bad), t(0), t(9))).toBe("liveness");
});

test("it has its boot time to become ready, and is asked at least once", () => {
  const asked = after(http, unproved(), { readiness: false });
  expect(verdict(http, asked, t(0), t(59_999))).toBeUndefined();
  expect(verdict(http, asked, t(0), t(60_000))).toBe("boot-timeout");
  expect(verdict(http, unproved(), t(0), t(90_000))).toBeUndefined();
});

test("one that had booted keeps its requests, and is not ended for booting too long when a new engine finds it", () => {
  const found = unproved(t(5_000));
  expect(found.ready).toBe(true);
  expect(verdict(http, after(http, found, { readiness: false }), t(0), t(90_000))).toBeUndefined();
});

test("it is asked often while it boots, seldom once it is ready, and for liveness only then", () => {
  const now = t(1_000);
  expect(nextProbe(http, unproved(), t(0), now)).toEqual({ at: now, ask: ["readiness"] });
  const booting = after(http, unproved(), { readiness: false });
  expect(nextProbe(http, booting, t(0), now)).toEqual({ at: 1_100, ask: ["readiness"] });
  const ready = after(http, booting, { readiness: true });
  expect(nextProbe(http, ready, t(0), now)).toEqual({ at: 6_000, ask: ["readiness", "liveness"] });
});

test("one that lost its readiness is asked for it each second, for liveness as declared", () => {
  const bad = { readiness: false };
  const lost = { ...after(http, unproved(), { readiness: true }, bad, bad, bad), livenessAskedAt: t(10_000) };
  expect(nextProbe(http, lost, t(0), t(12_000))).toEqual({ at: 13_000, ask: ["readiness"] });
  expect(nextProbe(http, lost, t(0), t(14_000))).toEqual({ at: 15_000, ask: ["readiness", "liveness"] });
});

test("a port that accepted is left alone", () => {
  expect(nextProbe(accept, unproved(), t(0), t(7))).toEqual({ at: 7, ask: ["readiness"] });
  const closed = after(accept, unproved(), { readiness: false });
  expect([7, 5_000].map((ms) => nextProbe(accept, closed, t(0), t(ms))?.at)).toEqual([32, 5_100]);
  expect(nextProbe(accept, after(accept, unproved(), { readiness: true }), t(0), t(7))).toBeUndefined();
});

test("one without a port is ready when it has stayed up", () => {
  expect(nextProbe(settle, unproved(), t(500), t(600))).toEqual({ at: 1_500, ask: ["readiness"] });
});

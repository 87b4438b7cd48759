import { expect, test } from "vitest";
import { Cookies } from "../../src/discover/cookies.ts";
import type { Answer } from "../../src/sandbox/inside/orders.ts";

function answer(...lines: readonly string[]): Answer {
  return { ok: true, status: 200, headers: { "set-cookie": lines }, body: "", tookMs: 1 };
}

test("what a server sets is sent back, without its attributes", () => {
  const cookies = new Cookies();
  expect(cookies.headers).toEqual({});
  expect(cookies.take(answer("sid=abc; Path=/; HttpOnly", "theme = dark"))).toEqual(["sid", "theme"]);
  expect(cookies.headers).toEqual({ cookie: "sid=abc; theme=dark" });
  expect(cookies.names).toEqual(["sid", "theme"]);
});

test("one that is set again to the same is no change: a rolling cookie is no new session", () => {
  const cookies = new Cookies();
  cookies.take(answer("sid=abc"));
  expect(cookies.take(answer("sid=abc; Max-Age=60"))).toEqual([]);
  expect(cookies.take(answer("sid=other"))).toEqual(["sid"]);
  expect(cookies.headers).toEqual({ cookie: "sid=other" });
});

test("a value keeps its equals signs, and what has no name is left out", () => {
  const cookies = new Cookies();
  expect(cookies.take(answer("sid=a=b==", "=nameless", "bare", ""))).toEqual(["sid"]);
  expect(cookies.headers).toEqual({ cookie: "sid=a=b==" });
});

test("an answer that did not come changes nothing", () => {
  const cookies = new Cookies();
  expect(cookies.take({ ok: false, error: "ECONNRESET", tookMs: 1 })).toEqual([]);
  expect(cookies.take({ ok: true, status: 200, headers: {}, body: "", tookMs: 1 })).toEqual([]);
});

test("a copy goes its own way", () => {
  const cookies = new Cookies();
  cookies.take(answer("sid=abc"));
  const copy = cookies.copy();
  copy.take(answer("sid=other"));
  expect([cookies.headers, copy.headers]).toEqual([{ cookie: "sid=abc" }, { cookie: "sid=other" }]);
});

test("one that a server takes away is not sent any more", () => {
  const cookies = new Cookies();
  cookies.take(answer("sid=abc", "theme=dark"));
  expect(cookies.take(answer("sid=; Max-Age=0", "theme=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"))).toEqual(["sid", "theme"]);
  expect(cookies.headers).toEqual({});
});

import { expect, test } from "vitest";
import { missed, pauseMs, postgresMissed, redisMissed } from "../../../src/resources/plan/attempt.ts";

test.each([
  ["ECONNREFUSED", true, "nothing listens"],
  ["ETIMEDOUT", true, "does not answer in time"],
  ["ENOTFOUND", true, "not known"],
  ["EHOSTUNREACH", true, "no route"],
  ["ECONNRESET", true, "closes it"],
  ["ENOENT", true, "no socket"],
  ["EACCES", false, "does not let"],
  ["CERT_HAS_EXPIRED", false, "not trusted (CERT_HAS_EXPIRED)"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", false, "does not speak TLS"],
  ["EWHATEVER", false, "(EWHATEVER)"],
])("%s", (code, again, words) => {
  expect(missed({ code }, "host:1")).toEqual({ kind: "missed", again, detail: expect.stringContaining(words) });
});

test("of several addresses the first error is told, and a message never", () => {
  expect(missed({ errors: [{ code: "ECONNREFUSED" }, { code: "ENETUNREACH" }] }, "host:1").detail).toContain("refused");
  expect(missed(new Error("postgres://user:sesame@host"), "host:1").detail).toBe("host:1 cannot be reached");
});

test.each([
  ["28P01", false, "authentication failed"],
  ["3D000", false, "no database `app`"],
  ["57P03", true, "starting or stopping"],
  ["53300", true, "no connection to spare"],
  ["42501", false, "no way (42501)"],
])("PostgreSQL's %s", (state, again, words) => {
  expect(postgresMissed(state, "no way", "host:1", "app")).toEqual({ kind: "missed", again, detail: expect.stringContaining(words) });
});

test.each([
  ["LOADING Redis is loading the dataset in memory", true, "still loading"],
  ["NOAUTH Authentication required.", false, "wants a password"],
  ["WRONGPASS invalid username-password pair or user is disabled.", false, "authentication failed"],
  ["ERR invalid password", false, "authentication failed"],
  ["ERR Client sent AUTH, but no password is set without any password configured", false, "authentication failed"],
  ["ERR DB index is out of range", false, "no database of that number"],
  ["DENIED Redis is running in protected mode", false, "protected mode"],
])("Redis' %s", (message, again, words) => {
  expect(redisMissed(message, "host:1")).toEqual({ kind: "missed", again, detail: expect.stringContaining(words) });
});

test("pauses grow, up to a limit", () => {
  const pauses = Array.from({ length: 20 }, (_, index) => pauseMs(index + 1));
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  expect(pauses[0]).toBeLessThanOrEqual(100);
  expect(pauses.at(-1)).toBe(2_000);
});

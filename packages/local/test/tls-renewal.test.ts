import type { Instant } from "@douze/core";
import { expect, test } from "vitest";
import { renewalAt } from "../src/tls/renewal.ts";

const day = 86_400_000;
const seen = { names: ["shop.example", "www.shop.example"], validFrom: 0, validTo: 90 * day };

test("after two thirds of its life", () => {
  expect(renewalAt(["shop.example", "WWW.shop.example"], seen, 0, undefined)).toBe(60 * day);
});

test("at once where there is none, or not for all hosts", () => {
  expect(renewalAt(["shop.example"], undefined, 0, undefined)).toBe(0);
  expect(renewalAt(["shop.example", "new.example"], seen, 0, undefined)).toBe(0);
});

test("after failures later and later, at most six hours", () => {
  const waits = [1, 2, 3, 4, 5, 50].map((failures) => (renewalAt(["a"], undefined, failures, (100 * day) as Instant) - 100 * day) / 60_000);
  expect(waits).toEqual([1, 4, 16, 64, 256, 360]);
});

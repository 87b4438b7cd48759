import type { Formation, Instant, ReleaseVersion } from "@douze/core";
import { expect, test } from "vitest";
import type { Plain, Same } from "../src/agreement.ts";

// What is tested here is tested by the compiler: each line fails to compile when the type says otherwise.

test("types are the same only with the same fields, as optional as the other's", () => {
  const same: readonly [
    Same<{ a: string; b?: number }, { readonly a: string; readonly b?: number }>,
    Same<{ kind: "a"; x: 1 } | { kind: "b" }, { kind: "b" } | { kind: "a"; x: 1 }>,
    Same<readonly string[], string[]>,
    Same<Record<string, number>, { readonly [key: string]: number }>,
  ] = [true, true, true, true];
  const different: readonly [
    Same<{ a: string }, { a: string; b?: number }>,
    Same<{ a?: string }, { a: string }>,
    Same<{ a: string }, { a: number }>,
    Same<"a" | "b", "a">,
    Same<{ a: { b: string }[] }, { a: { b: string; c?: string }[] }>,
    Same<{ kind: "a" } | { kind: "b" }, { kind: "a" }>,
    Same<Record<string, number>, Record<string, string>>,
    Same<undefined, { a: string }>,
  ] = [false, false, false, false, false, false, false, false];
  expect([...same, ...different].filter(Boolean)).toHaveLength(same.length);
});

test("brands are taken off at any depth, also those of keys", () => {
  const plain: Same<
    Plain<{ version: ReleaseVersion; list: readonly { at?: Instant }[]; formation: Formation; literal: "a" }>,
    { version: number; list: readonly { at?: number }[]; formation: { [type: string]: number }; literal: "a" }
  > = true;
  expect(plain).toBe(true);
});

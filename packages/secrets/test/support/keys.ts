import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Identity, identityOf, newIdentity } from "@douze/secrets";

const fixtures: string = join(import.meta.dirname, "../fixtures");

export function fixture(name: string): string {
  return readFileSync(join(fixtures, name), "utf8");
}

/** The throw-away key that the fixtures are encrypted to. */
export async function fixtureKey(): Promise<Identity> {
  const line = fixture("key.txt")
    .split("\n")
    .find((each) => each.startsWith("AGE-SECRET-KEY-"));
  return identityOf(line ?? "", "key.txt");
}

/** A key of its own for a test. */
export async function someone(): Promise<Identity> {
  return newIdentity("a test");
}

/** The codes and texts of a problem, to be compared at once. */
export async function problemOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && "toJSON" in error && typeof error.toJSON === "function") return error.toJSON();
    throw error;
  }
  throw new Error("expected a problem");
}

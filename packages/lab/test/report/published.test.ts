import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checks, codeOf } from "../../src/index.ts";

const folder = join(import.meta.dirname, "../../../../docs/reports");

test.for(readdirSync(folder))("docs/reports/%s tells of every check, breaks nothing, and names no place of the machine's", (name) => {
  const text = readFileSync(join(folder, name), "utf8");
  expect(checks.map(codeOf).filter((code) => !text.includes(`<code>${code}</code>`))).toEqual([]);
  expect(text).toMatch(/Holds \d+ · Breaks 0 · /);
  expect(text).not.toMatch(/\/(root|home|work)\//);
});

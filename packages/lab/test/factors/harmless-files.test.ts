import { expect, test } from "vitest";
import { harmless } from "../../src/factors/06-processes/no-durable-files.ts";

test.for([
  ["/tmp/upload-1", true],
  ["/app/web/__pycache__/app.cpython-312.pyc", true],
  // A page that Next.js made again: it makes it once more where it is not there.
  ["/app/.next/server/app/about.html", true],
  ["/app/.next/server/route-cache/APP_PAGE/1a/about.rsc", true],
  ["/app/.next/cache/fetch-cache/1", true],
  ["/app/uploads/1.png", false],
  ["/home/app/notes.json", false],
  ["/app/server/data.json", false],
] as const)("%s", ([path, expected]) => {
  expect(harmless.test(path)).toBe(expected);
});

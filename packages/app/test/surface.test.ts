import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the reference and the report of the surface are what the kit exports now", async () => {
  const program = join(import.meta.dirname, "../../../tools/docs/generate.ts");
  const { stderr } = await promisify(execFile)(process.execPath, [program, "--check"], { cwd: join(program, "..") });
  expect(stderr).not.toContain("is not what the kit exports");
}, 120_000);

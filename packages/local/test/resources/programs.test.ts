import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { packagedPrograms, packageFolder } from "../../src/resources/postgres/programs.ts";
import { run } from "../../src/resources/run.ts";
import { Place } from "./support/place.ts";

test("the packaged server runs although no script of its package was allowed to", async () => {
  const installed = packageFolder();
  if (installed === undefined) return console.log("skipped: there is no packaged PostgreSQL for this platform");
  await using place = new Place();
  mkdirSync(place.resources);
  const bare = join(place.root, "package");
  for (const entry of readdirSync(installed, { recursive: true, withFileTypes: true })) {
    const to = join(bare, relative(installed, entry.parentPath));
    mkdirSync(to, { recursive: true });
    if (entry.isFile()) copyFileSync(join(entry.parentPath, entry.name), join(to, entry.name));
  }
  const programs = packagedPrograms(bare, place.resources);

  const version = await run({ program: programs.postgres, args: ["--version"], env: programs.env });
  expect(version).toMatchObject({ status: 0, stdout: expect.stringContaining("(PostgreSQL)") });
  await expect(run({ program: programs.postgres, args: ["--version"] })).resolves.toMatchObject({ status: 127 });
  // Twice is no more than once.
  expect(packagedPrograms(bare, place.resources)).toEqual(programs);
});

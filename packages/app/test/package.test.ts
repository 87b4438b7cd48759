import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { expect, test } from "vitest";
import { Program } from "./support/program.ts";

const folder = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
  exports: Record<string, { default: string; types: string; "douze-source": string }>;
  dependencies?: unknown;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

test("is packed as those who install it need it", async () => {
  const { messages, pkg } = await publint({ pkgDir: folder, level: "suggestion", strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test("brings nothing along: each library is a peer that may be missing", () => {
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependencies).toSorted()).toEqual(Object.keys(manifest.peerDependenciesMeta).toSorted());
  expect(Object.values(manifest.peerDependenciesMeta).every(({ optional }) => optional)).toBe(true);
});

test.each(Object.keys(manifest.exports))("%s loads no library until it is used", async (name) => {
  const program = await Program.run("imports.ts", [name], { NODE_DEBUG: "esm" });
  expect(program.stderr).toContain("packages/app/src/");
  const loaded = new Set([...program.stderr.matchAll(/node_modules\/((?:@[^/\s']+\/)?[^/\s']+)/g)].map(([, library]) => library));
  // A schedule is made when it is declared: its library reads the expressions.
  expect([...loaded]).toEqual(name === "./schedule" ? ["croner"] : []);
  expect(program.code).toBe(0);
});

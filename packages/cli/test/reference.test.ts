import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { referenceText } from "../../../tools/cli/reference.ts";
import { wholeProgram } from "../src/whole-program.ts";

test("docs/reference/cli.md is what the commands say: `npm run generate -w tools/cli` writes it", async () => {
  const page = new URL("../../../docs/reference/cli.md", import.meta.url);
  expect(await readFile(page, "utf8")).toBe(referenceText(await wholeProgram()));
});

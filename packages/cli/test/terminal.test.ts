import { stripVTControlCharacters } from "node:util";
import type { Operations } from "@douze/engine";
import { expect, test } from "vitest";
import * as fixed from "../../server/test/support/operations.ts";
import { app } from "./support/app.ts";
import { start } from "./support/douze.ts";
import { noTerminal, startInTerminal } from "./support/terminal.ts";

test.for([
  ["y\r", 0, ["rollbackPreview", "rollback"]],
  ["\r", 1, ["rollbackPreview"]],
  ["no\r", 1, ["rollbackPreview"]],
  ["\u0004", 1, ["rollbackPreview"]],
  ["\u0003", 130, ["rollbackPreview"]],
] as const)("rollback shows what will change and asks: %j ends with %i", async ([answer, code, calls], { skip }) => {
  if (noTerminal) skip(noTerminal);
  await using here = await app();
  const called = await here.answers();
  await using running = startInTerminal(["rollback", "v11"], { in: here.folder });
  await running.printed("Roll back to v12? [y/N]");

  running.type(answer);

  const ended = await running.ended;
  expect(ended.code).toBe(code);
  expect(stripVTControlCharacters(ended.stdout)).toContain('~ GREETING: "Hello" → "Hola"');
  expect(called.map(({ name }) => name)).toEqual(calls);
});

test("on a terminal a build's output passes through one line, which is gone at the end", async ({ skip }) => {
  if (noTerminal) skip(noTerminal);
  await using here = await app();
  const deploy: Operations["deploy"] = async (_, onProgress) => {
    onProgress({ stage: "build", text: "npm ci" });
    onProgress({ stage: "output", text: "added 12 packages" });
    onProgress({ stage: "release", text: "v12", release: fixed.v(12) });
    return fixed.release;
  };
  await here.answers({ deploy });
  await using running = startInTerminal(["deploy"], { in: here.folder });

  const { code, stdout } = await running.ended;

  expect(code).toBe(0);
  expect(stdout).toContain("added 12 packages");
  expect(screen(stdout)).toEqual(["-----> Build", "       npm ci", "-----> Release", "       v12", "v12 current: deploy 4f2a91c", ""]);
});

test("Ctrl-C ends `logs -f`: 130", async () => {
  await using here = await app();
  const logs: Operations["logs"] = async function* (_, signal) {
    yield fixed.line;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  await here.answers({ logs });
  await using running = start(["logs", "-f"], { in: here.folder });
  await running.printed("listening");

  running.child.kill("SIGINT");

  expect(await running.ended).toMatchObject({ code: 130, stderr: "" });
});

/** What is left on a screen: a carriage return and a cleared line begin it anew. */
function screen(text: string): string[] {
  return text.split("\r\n").map((line) => stripVTControlCharacters(line.split("\r\u001b[2K").at(-1) ?? ""));
}

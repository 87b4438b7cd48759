import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Problem, RunName } from "@douze/core";
import { expect, test } from "vitest";
import { RunBook, type RunRecord } from "../src/run-book.ts";
import { at, version } from "./support/release.ts";

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "douze-runs-"));
const started = (run: string, ms = 0): RunRecord => ({
  run: run as RunName,
  kind: "run",
  command: "true",
  release: version(1),
  by: "ana",
  startedAt: at(ms),
});

test("is the same after it was closed and opened again", async () => {
  const directory = await folder();
  const book = await RunBook.open(directory);
  await book.start(started("run.1", 5));
  await book.start(started(book.nextName(), 6));
  await book.end("run.1" as RunName, { at: at(9), result: "failed", outcome: { by: "exit", code: 3 } });

  const again = await RunBook.open(directory);

  expect(again.records()).toEqual(book.records());
  expect(again.records().map((record) => [record.run, record.ended?.result])).toEqual([
    ["run.1", "failed"],
    ["run.2", undefined],
  ]);
  expect(again.nextName()).toBe("run.3");
});

test("the first end stands", async () => {
  const book = await RunBook.open(await folder());
  await book.start(started("run.1"));
  await book.end("run.1" as RunName, { at: at(1), result: "replaced" });
  await book.end("run.1" as RunName, { at: at(2), result: "failed" });
  expect(book.get("run.1" as RunName)?.ended).toEqual({ at: 1, result: "replaced" });
});

test("keeps the newest two hundred, on disk too", async () => {
  const directory = await folder();
  const book = await RunBook.open(directory);
  for (let index = 1; index <= 203; index += 1) {
    await book.start(started(`run.${index}`, index));
    await book.end(`run.${index}` as RunName, { at: at(index), result: "succeeded" });
  }
  expect(book.records()).toHaveLength(200);
  expect(book.records()[0]?.run).toBe("run.4");
  expect(await readdir(directory)).toHaveLength(400);
});

test("names a record that cannot be read", async () => {
  const directory = await folder();
  await writeFile(join(directory, "run.1.json"), "");
  await expect(RunBook.open(directory)).rejects.toThrow(
    expect.objectContaining<Partial<Problem>>({ code: "ledger-unreadable", why: "it is empty" }),
  );
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Program } from "./support/program.ts";
import { Backing } from "./support/servers.ts";

/** The programs in the guide, in its order. */
const programs = [...readFileSync(join(import.meta.dirname, "../../../docs/kit.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, text]) => text ?? "",
);
let folder: string;
let server: Backing;

beforeAll(async () => {
  // Within the house, so that the package is found by its name.
  folder = mkdtempSync(join(import.meta.dirname, "fixtures/.guide-"));
  for (const [index, text] of programs.entries()) writeFileSync(join(folder, `${index}.ts`), text);
  server = await Backing.start("postgres");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function program(index: number, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const ended = await Program.run(`${folder.split("/").at(-1)}/${index}.ts`, words, { DATABASE_URL: server.url, ...env });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

test("the guide's programs are all here", () => expect(programs).toHaveLength(4));

test("the first is what it is asked to be", async () => {
  expect((await program(0, ["greet", "--name", "Ana"])).stdout).toBe("Hola, Ana\n");
});

test("the second asks its database", async () => {
  expect((await program(1, ["look"])).lines).toMatchObject([{ message: "ordered", orders: [{ id: 7, what: "a book" }] }]);
});

test("the third adds a job with its order, and works it off", async () => {
  await program(2, ["migrate"]);
  await program(2, ["order", "--id", "7"]);
  expect((await program(2, ["worker"], { ONCE: "1" })).lines).toMatchObject([{ message: "invoiced", order: 7, job: "invoice" }]);
});

test("the fourth answers by its contract", async () => {
  const { lines } = await program(3, ["look"]);
  expect(lines.find(({ message }) => message === "answered")).toMatchObject({ statuses: [200, 404, 400] });
});

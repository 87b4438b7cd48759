import { describe, expect, expectTypeOf, test } from "vitest";
import { Problem, task } from "../src/index.ts";
import { choose } from "../src/run/choose.ts";
import { argumentValues } from "../src/run/task.ts";
import { Program } from "./support/program.ts";

test.each([
  [["web"], undefined, { is: "processes", names: ["web"] }],
  [["web", "worker"], undefined, { is: "processes", names: ["web", "worker"] }],
  [[], "worker.2", { is: "processes", names: ["worker"] }],
  [[], undefined, { is: "processes", names: ["web", "worker"] }],
  [[], "run.7", { is: "processes", names: ["web", "worker"] }],
  [["tidy", "--days", "3"], "run.7", { is: "task", name: "tidy", words: ["--days", "3"] }],
  [["help"], "web.1", { is: "help" }],
  [["nope"], undefined, { is: "unknown", name: "nope" }],
  [["web", "--loud"], undefined, { is: "unknown", name: "--loud" }],
])("%j on %s is %j", (words, platform, chosen) => {
  expect(choose(words, platform, ["web", "worker"], ["tidy"])).toEqual(chosen);
});

describe("arguments", () => {
  const declared = {
    user: { type: "integer", required: true },
    dryRun: { type: "boolean" },
    mode: { type: "enum", values: ["a", "b"], default: "a" },
  } as const;

  test("are read in their types", () => {
    task({
      args: declared,
      run: (args) => {
        expectTypeOf(args.user).toEqualTypeOf<number>();
        expectTypeOf(args.dryRun).toEqualTypeOf<boolean>();
        expectTypeOf(args.mode).toEqualTypeOf<"a" | "b">();
      },
    });
    expect(argumentValues(declared, ["--user", "7", "--dry-run"])).toEqual({ user: 7, dryRun: true, mode: "a" });
  });

  test.each([
    [[], "--user is missing"],
    [["--user", "x"], "--user: it is not a whole number"],
    [["--user", "7", "--mode", "c"], "--mode: it is not one of a, b"],
    [["--user", "7", "--unknown"], "Unknown option '--unknown'"],
    [["--user", "7", "stray"], "Unexpected argument 'stray'"],
  ])("%j: %s", (words, why) => {
    expect(() => argumentValues(declared, words)).toThrow(
      expect.objectContaining({ code: "arguments-invalid", why: expect.stringContaining(why) as string }),
    );
    expect(Problem).toBeDefined();
  });
});

test("a task runs with its arguments, and the process ends with it", async () => {
  const program = await Program.run("tasks.ts", ["greet", "--name", "Ana", "--times", "2"]);
  expect(program.stdout).toBe("Hola, Ana\nHola, Ana\n");
  expect(program.code).toBe(0);
});

test("a task that fails ends with 1, one that is asked wrongly with 64", async () => {
  expect((await Program.run("tasks.ts", ["fail"])).code).toBe(1);
  const wrong = await Program.run("tasks.ts", ["greet"]);
  expect(wrong.code).toBe(64);
  expect(wrong.stderr).toContain("--name is missing");
});

test("help names what it can be", async () => {
  const { stdout } = await Program.run("tasks.ts", ["help"]);
  expect(stdout).toMatch(/Usage: tasks\.ts[\s\S]*web[\s\S]*greet\s+greets somebody[\s\S]*--name <string>\s+\(required\)[\s\S]*console/);
});

test("the console has config and resources at hand", async () => {
  await using program = Program.start("tasks.ts", ["console"], { DOUZE_APP: "shop" });
  await program.until(() => (program.stdout.includes("shop> ") ? true : undefined));
  program.child.stdin?.write("config.GREETING + ' ' + (await double(21))\n");
  await program.until(() => (program.stdout.includes("'Hola 42'") ? true : undefined));
  program.child.stdin?.end(".exit\n");
  expect(await program.ended()).toBe(0);
});

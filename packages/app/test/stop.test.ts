import { expect, test } from "vitest";
import { Program } from "./support/program.ts";

const order = ["unready", "accept", "finish", "close", "flush"];
const phasesOf = ({ lines }: Program): unknown[] => lines.filter(({ message }) => message === "phase").map(({ phase }) => phase);

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it phase by phase, with 0", async (signal) => {
  await using program = Program.start("stop.ts");
  await program.line("started");
  expect(await program.stop(signal)).toBe(0);
  expect(program.lines.map(({ message }) => message).slice(1, 3)).toEqual(["stopping", "told"]);
  expect(phasesOf(program)).toEqual(order);
});

test("what fails at the end is told, and the rest goes on", async () => {
  await using program = Program.start("stop.ts", [], { FAIL: "finish" });
  await program.line("started");
  expect(await program.stop()).toBe(1);
  expect(phasesOf(program)).toEqual(order);
  expect(await program.lines.find(({ level }) => level === "error")).toMatchObject({ part: "part of finish", error: "as it was asked to" });
});

test("what does not end is left behind when the time is up, and named", async () => {
  await using program = Program.start("stop.ts", [], { STUCK: "close" });
  await program.line("started");
  expect(await program.stop()).toBe(124);
  expect(phasesOf(program)).toEqual(order.slice(0, 4));
  expect(program.lines.at(-1)).toMatchObject({ level: "error", phase: "close", unfinished: ["part of close"], graceMs: 500 });
});

test("told twice, it goes at once", async () => {
  await using program = Program.start("stop.ts", [], { STUCK: "unready" });
  await program.line("started");
  program.child.kill("SIGTERM");
  await program.line("phase");
  expect(await program.stop("SIGTERM")).toBe(143);
});

test.each(["throw", "reject", "later"])("a crash (%s) is told with its stack, stops in order, and ends with 1", async (kind) => {
  const program = await Program.run("stop.ts", [], { CRASH: kind });
  expect(program.code).toBe(1);
  expect(phasesOf(program)).toEqual(order);
  const fatal = program.lines.find(({ level }) => level === "fatal");
  expect(fatal).toMatchObject({ message: "crashed", error: "crashed as it should" });
  expect(fatal?.["stack"]).toContain("stop.ts");
});

import { expect, test } from "vitest";
import { readJsonLine } from "../../core/src/model/log-json.ts";
import { jsonLine, prettyLine } from "../src/log/line.ts";
import { Program } from "./support/program.ts";

test("a line is one event, as the platform reads it, with what the process is", async () => {
  const env = { DOUZE_APP: "shop", DOUZE_PROCESS: "web.1", DOUZE_RELEASE: "v7" };
  const { lines, stdout } = await Program.run("log.ts", [], env);
  expect(lines[2]).toMatchObject({ level: "info", message: "line", app: "shop", process: "web.1", release: "v7", index: 0 });
  const read = readJsonLine(stdout.split("\n")[2] ?? "");
  expect(read).toMatchObject({ level: "info", message: "line" });
  expect(read?.time).toBeTypeOf("number");
});

test("no secret comes out: neither a known text, nor its password, nor what a field's name says", async () => {
  const { stdout, lines } = await Program.run("log.ts");
  expect(stdout).not.toMatch(/s3cret|"open"/);
  expect(lines[0]).toMatchObject({ message: "about [redacted]", password: "[redacted]", note: "[redacted]", request_id: "r1" });
});

test("an error is told with its cause", async () => {
  const { lines } = await Program.run("log.ts");
  expect(lines[1]).toMatchObject({ level: "error", error: { message: "outer", cause: { message: "inner" } } });
});

test.each(["exit", "crash"])("nothing is lost when the process ends in the same breath (%s)", async (end) => {
  const { lines } = await Program.run("log.ts", ["20000", end]);
  expect(lines.filter(({ message }) => message === "line")).toHaveLength(20_000);
});

test("below its level it says nothing, and a level that is none is no reason not to start", async () => {
  expect((await Program.run("log.ts", [], { LOG_LEVEL: "error" })).lines.map(({ level }) => level)).toEqual(["error"]);
  expect((await Program.run("log.ts", [], { LOG_LEVEL: "loud" })).lines).toHaveLength(3);
});

test("nothing that is logged can end the program", () => {
  const round: Record<string, unknown> = { big: 12n, many: new Map([["a", 1]]) };
  round["self"] = round;
  const event = { time: new Date(0), level: "info", message: "odd", fields: { round, nothing: undefined, sign: Symbol("x") } } as const;
  expect(JSON.parse(jsonLine(event))).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    message: "odd",
    round: { big: "12", many: [["a", 1]], self: "[seen above]" },
  });
  expect(prettyLine(event)).toContain("odd");
});

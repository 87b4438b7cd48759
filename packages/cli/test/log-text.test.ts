import { stripVTControlCharacters } from "node:util";
import type { Instant, LogLine } from "@douze/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { logText } from "../src/log-text.ts";

const at = Date.parse("2026-11-20T22:59:03.007Z") as Instant;
const terminal = { colour: true, json: false };
const pipe = { colour: false, json: false };

function line(text: string, rest: Partial<LogLine> = {}): LogLine {
  return { at, process: "web.1", release: "v12", stream: "stdout", text, ...rest };
}

test("a pipe gets date, name and text", () => {
  expect(logText(line("Listening"), pipe)).toBe("2026-11-20T22:59:03.007Z web.1      | Listening");
  expect(logText(line("x", { process: "worker.12" }), { ...pipe, width: 6 })).toBe("2026-11-20T22:59:03.007Z worker.12 | x");
});

test("a terminal gets the time of day in its own zone, and a colour that is the type's", () => {
  const local = new Date(at);
  const time = [local.getHours(), local.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  const text = logText(line("Listening"), terminal);
  expect(stripVTControlCharacters(text)).toBe(`${time}:03.007 web.1      | Listening`);
  const colour = (process: string): string | undefined =>
    /\u001b\[(\d+)m[a-z.0-9]+ +\u001b/.exec(logText(line("x", { process }), terminal))?.[1];
  expect(colour("web.1")).toBe(colour("web.27"));
  expect(new Set(["web.1", "worker.1", "clock.1", "router"].map(colour)).size).toBeGreaterThan(2);
  expect(logText(line("x", { stream: "stderr" }), terminal)).not.toBe(logText(line("x"), terminal));
});

test("JSON lines show level, message and fields", () => {
  const text =
    '{"level":40,"time":1763000000000,"pid":9,"hostname":"h","msg":"slow query","ms":1200,"sql":"select 1","user":{"id":5},"path":"/a"}';
  const shown = 'WARN  slow query ms=1200 sql="select 1" user={"id":5} path=/a';
  expect(logText(line(text), pipe)).toBe(`2026-11-20T22:59:03.007Z web.1      | ${shown}`);
  expect(stripVTControlCharacters(logText(line(text), terminal)).split("| ")[1]).toBe(shown);
  expect(logText(line('{"a":1}'), pipe)).toContain('| {"a":1}');
});

test("a stack stands below its event on a terminal, and in one line elsewhere", () => {
  const err = { type: "TypeError", message: "no", stack: "TypeError: no\n    at f (a.js:1)", code: "E1" };
  const event = line(JSON.stringify({ level: 50, msg: "failed\nbadly", err, trace: "one\ntwo\n" }));
  expect(
    stripVTControlCharacters(logText(event, terminal))
      .split("\n")
      .map((one) => one.slice(13)),
  ).toEqual([
    'web.1      | ERROR failed err={"code":"E1"}',
    "           | badly",
    "           | TypeError: no",
    "           |     at f (a.js:1)",
    "           | one",
    "           | two",
  ]);
  expect(logText(event, pipe)).not.toContain("\n");
});

test("colours of the app are kept on a terminal and end with its line, and are left out elsewhere", () => {
  const text = "\u001b[1;31mred\u001b[0m and \u001b[38:5:12mblue";
  expect(logText(line(text), terminal)).toContain(`| \u001b[1;31mred\u001b[0m and \u001b[38:5:12mblue\u001b[0m`.slice(2));
  expect(logText(line(text), pipe)).toMatch(/\| red and blue$/);
});

test("nothing else is obeyed by a terminal", () => {
  const evil = "a\u001b[2Jb\u001b]0;title\u0007c\rd\u009b1me\u202ef\0g\tz";
  const shown = "a\\x1b[2Jb\\x1b]0;title\\x07c\\rd\\x9b1me\\u202ef\\x00g\tz";
  expect(logText(line(evil), pipe)).toContain(shown);
  expect(logText(line(evil), terminal)).toContain(shown);
  const json = JSON.stringify({ msg: evil, level: 30, field: evil, [evil]: 1 });
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(evil, json), fc.string({ unit: "binary" })),
      fc.boolean(),
      fc.boolean(),
      (text, colour, asJson) => {
        const safe = stripColours(logText(line(text, { process: "web.1", continued: true }), { colour, json: asJson }));
        expect(safe.split("\n").join("")).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        if (!colour || asJson) expect(safe).not.toContain("\n");
      },
    ),
  );
});

function stripColours(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;:]*m/g, "");
}

test("JSON output is one object a line, with the app's own object as it wrote it", () => {
  const text = '{"level":30,"id":12345678901234567890,"msg":"a\u009bb"}';
  const output = logText(line(text), { colour: false, json: true });
  expect(output).toContain('"json":{"level":30,"id":12345678901234567890,');
  expect(JSON.parse(output)).toMatchObject({
    at: "2026-11-20T22:59:03.007Z",
    process: "web.1",
    release: "v12",
    stream: "stdout",
    text,
    json: { level: 30 },
  });
  expect(JSON.parse(logText(line("plain", { continued: true }), { colour: true, json: true }))).toEqual({
    at: "2026-11-20T22:59:03.007Z",
    process: "web.1",
    release: "v12",
    stream: "stdout",
    text: "plain",
    continued: true,
  });
});

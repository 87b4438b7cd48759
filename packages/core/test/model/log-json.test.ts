import fc from "fast-check";
import { expect, test } from "vitest";
import { readJsonLine } from "../../src/model/log-json.ts";

test.each([
  [
    "pino",
    '{"level":30,"time":1763000000123,"pid":1,"msg":"up","port":80}',
    { level: "info", message: "up", time: 1763000000123, fields: { pid: 1, port: 80 } },
  ],
  [
    "bunyan",
    '{"v":0,"level":50,"msg":"no","time":"2025-11-13T02:13:20.123Z"}',
    { level: "error", message: "no", time: 1763000000123, fields: { v: 0 } },
  ],
  [
    "winston",
    '{"level":"warn","message":"slow","timestamp":"2025-11-13T03:13:20.5+01:00"}',
    { level: "warn", message: "slow", time: 1763000000500, fields: {} },
  ],
  ["structlog", '{"event":"login","level":"critical","user":"ana"}', { level: "fatal", message: "login", fields: { user: "ana" } }],
  ["zap", '{"level":"dpanic","ts":1763000000.5,"msg":"x"}', { level: "fatal", message: "x", time: 1763000000500, fields: {} }],
  [
    "slog",
    '{"time":"2025-11-13T02:13:20.123456789Z","level":"INFO","msg":"x"}',
    { level: "info", message: "x", time: 1763000000123, fields: {} },
  ],
  [
    "ECS",
    '{"@timestamp":"2025-11-13T02:13:20.000Z","log.level":"debug","message":"x"}',
    { level: "debug", message: "x", time: 1763000000000, fields: {} },
  ],
  ["Google", '{"severity":"NOTICE","message":"x"}', { level: "info", message: "x", fields: {} }],
  ["custom pino level", '{"level":35,"msg":"x"}', { level: "info", message: "x", fields: {} }],
  ["nanoseconds", '{"ts":1763000000123456789}', { time: 1763000000123, fields: {} }],
])("%s", (_name, text, expected) => {
  expect(readJsonLine(text)).toEqual(expected);
});

test("what is not understood stays a field", () => {
  const text = '{"level":7,"severity":"loud","msg":5,"time":"yesterday","event":"click","message":"m","timestamp":"2025-11-13 02:13:20"}';
  expect(readJsonLine(text)).toEqual({
    message: "m",
    fields: { level: 7, severity: "loud", msg: 5, time: "yesterday", event: "click", timestamp: "2025-11-13 02:13:20" },
  });
});

test("names of an object's own properties are fields like any other", () => {
  const line = readJsonLine('{"__proto__":{"polluted":1},"level":"constructor","msg":"x"}');
  expect(Object.keys(line?.fields ?? {})).toEqual(["__proto__", "level"]);
  expect(Object.getPrototypeOf(line?.fields)).toBe(Object.prototype);
});

test.each(["", "up", "{", "{}x", "[1]", "5", "null", '{"a":1', '"{}"', "{'a':1}"])("%j is no JSON line", (text) => {
  expect(readJsonLine(text)).toBeUndefined();
});

test("times are read as ISO 8601 writes them, for any date and zone", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("1900-01-01"), max: new Date("2199-12-31"), noInvalidDate: true }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      (date, zone) => {
        const local = new Date(date.getTime() + zone * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60].map((part) => String(part).padStart(2, "0"));
        expect(readJsonLine(`{"time":"${local}${zone < 0 ? "-" : "+"}${hours}:${minutes}"}`)?.time).toBe(date.getTime());
      },
    ),
  );
});

test("an object of any content is read without an error and loses no field", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const line = readJsonLine(JSON.stringify(object));
      const taken = ["level", "message", "time"].filter((key) => key in (line ?? {})).length;
      expect(Object.keys(line?.fields ?? {}).length + taken).toBe(Object.keys(object).length);
    }),
  );
});

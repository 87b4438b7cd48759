import fc from "fast-check";
import { expect, test } from "vitest";
import { command, firstReply } from "../../../src/resources/plan/resp.ts";

test.each([
  ["+PONG\r\n", { value: "PONG" }],
  ["-ERR no such thing\r\n", { error: "ERR no such thing" }],
  [":42\r\n", { value: "42" }],
  ["$-1\r\n", { value: null }],
  ["*-1\r\n", { value: null }],
  ["$4\r\na\r\nb\r\n", { value: "a\r\nb" }],
  ["*2\r\n$3\r\ndir\r\n*1\r\n:1\r\n", { value: [{ value: "dir" }, { value: [{ value: "1" }] }] }],
])("%j is read", (text, reply) => {
  expect(firstReply(`${text}rest`)).toEqual({ reply, end: text.length });
  // However it is cut, it is not read too soon.
  for (let length = 0; length < text.length; length++) expect(firstReply(text.slice(0, length))).toBeUndefined();
});

test("what is not the protocol is refused", () => {
  expect(() => firstReply("HTTP/1.1 400 Bad Request\r\n")).toThrow("does not speak");
});

test("a command is a list of its words, counted in bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (words) => {
      const bytes = Buffer.from(command(words), "utf8").toString("latin1");
      const read = firstReply(bytes);
      expect(read?.end).toBe(bytes.length);
      expect(read?.reply).toEqual({ value: words.map((word) => ({ value: Buffer.from(word, "utf8").toString("latin1") })) });
    }),
  );
});

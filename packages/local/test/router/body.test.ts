import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyReader } from "../../src/router/body.ts";

/** Reads a text in pieces that end at the cuts. */
function read(text: string, cuts: readonly number[]): { content: string; taken: number; done: boolean; flaw?: string | undefined } {
  const reader = new BodyReader({ kind: "chunked" });
  const bytes = Buffer.from(text, "latin1");
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  let taken = 0;
  let content = "";
  for (const end of ends) {
    const cut = reader.take(bytes.subarray(from, end), (data) => {
      content += data.toString("latin1");
    });
    taken += cut.taken;
    if (cut.flaw !== undefined || cut.done) return { content, taken, done: cut.done, flaw: cut.flaw };
    from = end;
  }
  return { content, taken, done: reader.done };
}

describe("chunks", () => {
  test.each<[string, string, string, number]>([
    ["two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde", 20],
    ["none", "0\r\n\r\n", "", 5],
    ["an extension", "3;name=value\r\nabc\r\n0\r\n\r\n", "abc", 24],
    ["trailers", "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", "a", 21],
    ["upper-case hexadecimals", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 20],
    ["what follows is left", "0\r\n\r\nGET / HTTP/1.1", "", 5],
  ])("%s", (_name, text, content, taken) => {
    expect(read(text, [])).toEqual({ content, taken, done: true, flaw: undefined });
  });

  test.each<[string, string]>([
    ["a size that is no number", "x\r\n"],
    ["a signed size", "+3\r\nabc\r\n"],
    ["a size behind a space", " 3\r\nabc\r\n"],
    ["a size with 0x", "0x3\r\nabc\r\n"],
    ["a size that overflows", "fffffffffffffff\r\n"],
    ["an empty size", "\r\n"],
    ["a size that ends in LF alone", "3\nabc\r\n0\r\n\r\n"],
    ["a chunk that is longer than its size", "3\r\nabcd\r\n0\r\n\r\n"],
    ["a chunk that ends in LF alone", "3\r\nabc\n0\r\n\r\n"],
    ["an endless extension", `3;${"a".repeat(300)}`],
    ["a malformed trailer", "0\r\nnonsense\r\n\r\n"],
    ["a folded trailer", "0\r\nX: a\r\n b\r\n\r\n"],
    ["endless trailers", `0\r\n${"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(300)}`],
  ])("%s is refused", (_name, text) => {
    expect(read(text, []).flaw).toBeTypeOf("string");
  });

  test("cut anywhere, they are read the same", () => {
    const texts = ["3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\nrest", "5\r\nabcd\r\n\r\n", "zz\r\n"];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(fc.nat()), (text, cuts) => {
        const { done, flaw, content } = read(text, []);
        expect(read(text, cuts)).toMatchObject({ done, content, ...(flaw !== undefined && { flaw }) });
      }),
    );
  });
});

test("a body with a length takes that much and no more", () => {
  const reader = new BodyReader({ kind: "length", bytes: 4 });
  expect(reader.take(Buffer.from("ab"))).toEqual({ taken: 2, done: false, sound: Buffer.from("ab") });
  expect(reader.take(Buffer.from("cdGET"))).toEqual({ taken: 2, done: true, sound: Buffer.from("cd") });
});

test("a line between chunks is passed on when it is whole, and not before", () => {
  const reader = new BodyReader({ kind: "chunked" });
  expect(reader.take(Buffer.from("5\r"))).toMatchObject({ taken: 2, sound: Buffer.alloc(0) });
  expect(reader.take(Buffer.from("\nhel"))).toMatchObject({ taken: 4, sound: Buffer.from("5\r\nhel") });
  expect(reader.take(Buffer.from("lo\r\n0"))).toMatchObject({ taken: 5, sound: Buffer.from("lo\r\n") });
  expect(reader.take(Buffer.from("\r\n\r\nGET"))).toMatchObject({ taken: 4, done: true, sound: Buffer.from("0\r\n\r\n") });
});

test.each(["Content-Length: 5", "transfer-encoding : chunked", "Host: b"])("a trailer that says %s is refused", (trailer) => {
  const reader = new BodyReader({ kind: "chunked" });
  expect(reader.take(Buffer.from(`0\r\n${trailer}\r\n\r\n`))).toMatchObject({ flaw: "a trailer says what only a head may" });
});

import type { Instant } from "@douze/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeHeader, type FrameHeader, headerBytes } from "../../src/logs/frame.ts";
import { frameLines } from "../../src/logs/lines.ts";
import { scan } from "../../src/logs/scan.ts";
import { newSegment, segmentOf } from "../../src/logs/segment.ts";

const segment = newSegment("/store", 7, 1_763_000_000_000);

function frame(body: Uint8Array, rest: Partial<FrameHeader> = {}, marker: Buffer = segment.marker): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), body]);
  const header: FrameHeader = {
    kind: "lines",
    source: 0,
    at: 5 as Instant,
    stream: "stdout",
    continues: false,
    offset: 0,
    length: body.length,
    ...rest,
  };
  encodeHeader(bytes, marker, header, bytes.subarray(headerBytes));
  return bytes;
}

const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 });

test("frames are read as they were written", () => {
  const header = {
    source: 3,
    at: 1_763_000_000_123 as Instant,
    stream: "stderr",
    continues: true,
    offset: 2 ** 40 + 1,
    length: 99,
  } as const;
  const { frames, end, damagedBytes } = scan(segment, frame(Buffer.from("body\n"), header), 1_000, true);
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({ header: { ...header, kind: "lines" }, at: 1_000 });
  expect(frames[0]?.body.toString()).toBe("body\n");
  expect({ end, damagedBytes }).toEqual({ end: 1_000 + headerBytes + 5, damagedBytes: 0 });
});

test("wherever a file is cut, all frames before the cut are found and nothing else", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), (all, place) => {
      const frames = all.map((body) => frame(body));
      const whole = Buffer.concat(frames);
      const cut = place % (whole.length + 1);
      let end = 0;
      let count = 0;
      for (const { length } of frames) {
        if (end + length > cut) break;
        end += length;
        count++;
      }
      const found = scan(segment, whole.subarray(0, cut), 0, true);
      expect({ count: found.frames.length, end: found.end, damage: found.damagedBytes }).toEqual({ count, end, damage: 0 });
    }),
  );
});

test("whichever byte is hurt, only its own frame is lost", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, place, difference) => {
      const frames = all.map((body, index) => frame(body, { source: index }));
      const whole = Buffer.concat(frames);
      const at = place % whole.length;
      whole[at] = (whole[at] ?? 0) ^ difference;
      let hurt = -1;
      for (let end = 0; end <= at; hurt++) end += frames[hurt + 1]?.length ?? 0;
      const found = scan(segment, whole, 0, true).frames.map(({ header }) => header.source);
      expect(found).toEqual(all.map((_, index) => index).filter((index) => index !== hurt));
    }),
  );
});

test("output that looks like a frame of another segment is output", () => {
  const forged = frame(Buffer.from("forged\n"), {}, newSegment("/store", 8, 0).marker);
  const whole = Buffer.concat([frame(forged), frame(Buffer.from("next\n"))]);
  whole[headerBytes + 2] = 0;
  expect(scan(segment, whole, 0, true).frames.map(({ body }) => body.toString())).toEqual(["next\n"]);
});

test("a segment's file name says all that is needed to read it", () => {
  expect(segmentOf("/store", segment.path.slice("/store/".length))).toMatchObject({
    sequence: 7,
    createdAt: 1_763_000_000_000,
    marker: segment.marker,
    path: segment.path,
  });
  for (const file of ["next.tmp", "crashes", "0000000007-5-00.v1.log", "0000000007-5-0011223344556677.v2.log"]) {
    expect(segmentOf("/store", file)).toBeUndefined();
  }
});

const source = { process: "web.1", release: "v1" };

function texts(body: Buffer, continues = false): (readonly [string, boolean])[] {
  const header: FrameHeader = { kind: "lines", source: 0, at: 0 as Instant, stream: "stdout", continues, offset: 0, length: body.length };
  return frameLines({ header, body, at: 0 }, source).map(({ text, continued = false }) => [text, continued]);
}

test("lines end at newlines, with or without a carriage return; the last needs none", () => {
  expect(texts(Buffer.from("a\r\n\nb\rc\nd\r"))).toEqual([
    ["a", false],
    ["", false],
    ["b\rc", false],
    ["d\r", false],
  ]);
  expect(texts(Buffer.from("a\nb"), true)).toEqual([
    ["a", false],
    ["b", true],
  ]);
  expect(texts(Buffer.from([0x61, 0xff, 0xfe, 0x0a]))).toEqual([["a\ufffd\ufffd", false]]);
});

test("a line over 64 KiB comes in pieces that divide no character", () => {
  const long = `${"a".repeat(65_535)}é${"b".repeat(70_000)}`;
  const pieces = texts(Buffer.from(`x\n${long}\ny\n`));
  expect(pieces.map(([text, continued]) => [Buffer.byteLength(text), continued])).toEqual([
    [1, false],
    [65_535, true],
    [65_536, true],
    [70_002 - 65_536, false],
    [1, false],
  ]);
  expect(
    pieces
      .slice(1, 4)
      .map(([text]) => text)
      .join(""),
  ).toBe(long);
});

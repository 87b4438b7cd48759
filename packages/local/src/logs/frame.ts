import { crc32 } from "node:zlib";
import type { Instant } from "@douze/core";
import type { Stream } from "./spool.ts";

/*
 * A frame is a header and a body:
 *
 *    0  8  the segment's marker        28  8  time, milliseconds (double)
 *    8  4  CRC-32 of all that follows  36  8  where the body was read in its spool (double)
 *   12  4  length of the body          44  4  how many bytes were read there: differs where a secret was masked
 *   16  1  kind                        48     the body
 *   17  1  flags
 *   20  4  index of the source
 *
 * The marker is chosen anew for each segment, so that output of an app can never be taken for a frame when the reader
 * looks for the next one behind a damaged part.
 */
export const headerBytes = 48;
export const markerBytes = 8;
/** More than any frame holds; a longer length is damage. */
const maxBodyBytes = 64 * 1024 * 1024;

const kinds = ["source", "lines"] as const;
const flagStderr = 1;
const flagContinues = 2;

export interface FrameHeader {
  /** `source`: the body says who the source of that index is (JSON). `lines`: the body is output, as it was written. */
  readonly kind: (typeof kinds)[number];
  readonly source: number;
  readonly at: Instant;
  readonly stream: Stream;
  /** The body ends within a line that was too long to wait for. */
  readonly continues: boolean;
  readonly offset: number;
  readonly length: number;
}

/** Writes the header of a frame whose body follows it in the file. */
export function encodeHeader(target: Buffer, marker: Buffer, header: FrameHeader, body: Buffer): void {
  marker.copy(target, 0);
  target.writeUInt32LE(body.length, 12);
  target.writeUInt8(kinds.indexOf(header.kind), 16);
  target.writeUInt8((header.stream === "stderr" ? flagStderr : 0) | (header.continues ? flagContinues : 0), 17);
  target.writeUInt16LE(0, 18);
  target.writeUInt32LE(header.source, 20);
  target.writeUInt32LE(0, 24);
  target.writeDoubleLE(header.at, 28);
  target.writeDoubleLE(header.offset, 36);
  target.writeUInt32LE(header.length, 44);
  target.writeUInt32LE(crc32(body, crc32(target.subarray(12, headerBytes))), 8);
}

export type Found =
  | { readonly found: "frame"; readonly header: FrameHeader; readonly body: Buffer; readonly end: number }
  /** It may go on behind the end of the buffer. */
  | { readonly found: "part" }
  /** No frame; the next may begin there. Absent: no marker follows in this buffer. */
  | { readonly found: "damage"; readonly next?: number };

/** Reads the frame that begins at a position of a buffer. */
export function frameAt(buffer: Buffer, position: number, marker: Buffer): Found {
  const rest = buffer.length - position;
  if (rest < headerBytes) {
    const known = Math.min(rest, markerBytes);
    return buffer.compare(marker, 0, known, position, position + known) === 0 ? { found: "part" } : damage(buffer, position, marker);
  }
  if (buffer.compare(marker, 0, markerBytes, position, position + markerBytes) !== 0) return damage(buffer, position, marker);
  const bodyLength = buffer.readUInt32LE(position + 12);
  if (bodyLength > maxBodyBytes) return damage(buffer, position, marker);
  const end = position + headerBytes + bodyLength;
  if (end > buffer.length) return { found: "part" };
  const kind = kinds[buffer.readUInt8(position + 16)];
  if (kind === undefined || crc32(buffer.subarray(position + 12, end)) !== buffer.readUInt32LE(position + 8))
    return damage(buffer, position, marker);
  const flags = buffer.readUInt8(position + 17);
  const header: FrameHeader = {
    kind,
    source: buffer.readUInt32LE(position + 20),
    at: buffer.readDoubleLE(position + 28) as Instant,
    stream: flags & flagStderr ? "stderr" : "stdout",
    continues: (flags & flagContinues) !== 0,
    offset: buffer.readDoubleLE(position + 36),
    length: buffer.readUInt32LE(position + 44),
  };
  return { found: "frame", header, body: buffer.subarray(position + headerBytes, end), end };
}

function damage(buffer: Buffer, position: number, marker: Buffer): Found {
  const next = buffer.indexOf(marker, position + 1);
  return next < 0 ? { found: "damage" } : { found: "damage", next };
}

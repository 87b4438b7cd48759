import { type FrameHeader, frameAt } from "./frame.ts";
import { type Segment, sourceOf } from "./segment.ts";

export interface Frame {
  readonly header: FrameHeader;
  readonly body: Buffer;
  /** Where it begins in its segment. */
  readonly at: number;
}

export interface Scan {
  readonly frames: readonly Frame[];
  /** Where in the segment the last whole frame ends. */
  readonly end: number;
  /** Bytes between frames that are no frame. */
  readonly damagedBytes: number;
}

/**
 * Finds the frames of a piece of a segment, and notes in the segment who their sources are. What is damaged is passed
 * over: the next frame is found by the segment's marker.
 *
 * @param base - where the piece begins in the segment
 * @param last - nothing comes behind this piece, so that a frame which is not whole never will be
 */
export function scan(segment: Segment, piece: Buffer, base: number, last: boolean): Scan {
  const frames: Frame[] = [];
  let position = 0;
  let end = 0;
  let damagedBytes = 0;
  while (position < piece.length) {
    const found = frameAt(piece, position, segment.marker);
    if (found.found === "frame") {
      // Counted only now that a whole frame follows: damage that reaches to the end is a torn last frame, and is cut.
      damagedBytes += position - end;
      if (found.header.kind === "source") noteSource(segment, found.header, found.body);
      else frames.push({ header: found.header, body: found.body, at: base + position });
      position = found.end;
      end = position;
      continue;
    }
    if (found.found === "part" && !last) break;
    const next = found.found === "damage" ? found.next : piece.indexOf(segment.marker, position + 1);
    if (next === undefined || next < 0) break;
    position = next;
  }
  return { frames, end: base + end, damagedBytes };
}

function noteSource(segment: Segment, header: FrameHeader, body: Buffer): void {
  const source = sourceOf(body);
  if (source !== undefined) segment.sources[header.source] = source;
}

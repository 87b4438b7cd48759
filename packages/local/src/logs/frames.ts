import { type FileHandle, open } from "node:fs/promises";
import { type Frame, scan } from "./scan.ts";
import type { Position, Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";

const windowBytes = 1024 * 1024;
/** The first step back from a segment's end; one in which nothing is found is followed by a longer one. */
const stepBytes = 64 * 1024;
const stepGrowth = 8;

export interface FrameRange {
  readonly from: Position;
  /** Absent: on and on. */
  readonly to: Position | undefined;
  /** Ends the waiting for what comes, while what is stored is still read. */
  readonly noMore: AbortSignal;
  readonly onDamage: OnDamage;
  /** Opens a segment that is still listed. Default `openSegment`. */
  readonly open?: (segment: Segment) => Promise<FileHandle | undefined>;
}

/** Told of each segment that could not be read in whole; the rest of it, and the others, are. */
export type OnDamage = (segment: Segment, cause?: unknown) => void;

export interface PlacedFrame {
  readonly segment: Segment;
  readonly frame: Frame;
}

/** Retention deleted segments that were still to be read. */
export const gap = "gap";

/**
 * Reads frames in the order in which they were stored. Holds one window of one segment in memory and nothing else: who
 * reads slowly finds the rest in the files, as long as they are kept. Ends when the signal aborts.
 */
export async function* readFrames(segments: Segments, range: FrameRange, signal: AbortSignal): AsyncGenerator<PlacedFrame | typeof gap> {
  let { sequence, offset } = range.from;
  let begun = offset > 0;
  while (!signal.aborted) {
    const segment = segments.list.find((candidate) => candidate.sequence >= sequence);
    if (segment === undefined || (range.to !== undefined && segment.sequence > range.to.sequence)) {
      if (range.to !== undefined || range.noMore.aborted) return;
      await segments.grown.wait(range.noMore);
      continue;
    }
    if (segment.sequence > sequence) {
      if (begun) yield gap;
      ({ sequence } = segment);
      offset = 0;
    }
    await using file = await (range.open?.(segment) ?? openSegment(segment, range.onDamage));
    if (file !== undefined) {
      begun = true;
      yield* segmentFrames(segments, segment, file, offset, range, signal);
    }
    sequence = segment.sequence + 1;
    offset = 0;
  }
}

async function* segmentFrames(
  segments: Segments,
  segment: Segment,
  file: FileHandle,
  from: number,
  range: FrameRange,
  signal: AbortSignal,
): AsyncGenerator<PlacedFrame> {
  const bound = range.to?.sequence === segment.sequence ? range.to.offset : undefined;
  let offset = from;
  let wide = false;
  while (!signal.aborted) {
    const isLast = segments.current === segment;
    const limit = Math.min(segment.bytes, bound ?? segment.bytes);
    if (offset >= limit) {
      if (!isLast || range.to !== undefined || range.noMore.aborted) return;
      await segments.grown.wait(range.noMore);
      continue;
    }
    const window: Buffer | undefined = await read(file, offset, wide ? limit : Math.min(limit, offset + windowBytes)).catch(
      (error: unknown) => {
        range.onDamage(segment, error);
        return undefined;
      },
    );
    if (window === undefined) return;
    const all: boolean = offset + window.length >= limit || window.length === 0;
    const { frames, end, damagedBytes } = scan(segment, window, offset, all);
    if (damagedBytes > 0 || (all && end < limit)) range.onDamage(segment);
    for (const frame of frames) yield { segment, frame };
    // A frame that the window cuts is read again from its beginning; one that is longer, or damage, needs all the rest.
    wide = !all && end === offset;
    offset = all ? limit : end;
  }
}

/** All frames of a segment at once. */
export async function segmentAtOnce(segment: Segment, bytes: number, onDamage: OnDamage): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesBack(segment, { from: 0, to: bytes }, onDamage, bytes)) frames.push(frame);
  return frames.reverse();
}

/**
 * The frames of a segment from its end back, so that who finds what he seeks need not read the rest. Where it is not known who the
 * sources are, all is read at once: each frame before may say it.
 *
 * @param bounds - each between two frames
 */
export async function* framesBack(
  segment: Segment,
  bounds: { readonly from: number; readonly to: number },
  onDamage: OnDamage,
  firstStep: number = stepBytes,
): AsyncGenerator<Frame> {
  await using file = await openSegment(segment, onDamage);
  const first = segment.sourcesKnown ? bounds.from : 0;
  let step = segment.sourcesKnown ? firstStep : bounds.to;
  try {
    for (let end = bounds.to; file !== undefined && end > first; step *= stepGrowth) {
      const from = Math.max(first, end - step);
      // What the step cuts is passed over up to the next frame, and read with the step before.
      const { frames } = scan(segment, await read(file, from, end), from, true);
      yield* frames.toReversed();
      segment.sourcesKnown ||= from === 0 && bounds.to === segment.bytes;
      end = from === first ? first : (frames[0]?.at ?? end);
    }
  } catch (error) {
    onDamage(segment, error);
  }
}

async function read(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(to - from);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Absent: retention has just deleted it, or it cannot be read. */
export async function openSegment(segment: Segment, onDamage: OnDamage): Promise<FileHandle | undefined> {
  try {
    return await open(segment.path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") onDamage(segment, error);
    return undefined;
  }
}

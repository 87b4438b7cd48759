import type { LogRetention } from "@douze/core";
import type { Segment } from "./segment.ts";

const largestSegmentBytes = 8 * 1024 * 1024;
const smallestSegmentBytes = 4096;
/** Retention is exact to one segment, so that a segment is an eighth of what is kept, in bytes and in time. */
const segmentsKept = 8;

/** At which size a segment is closed and the next one begun. */
export function segmentLimitBytes(retention: LogRetention): number {
  return Math.max(smallestSegmentBytes, Math.min(largestSegmentBytes, Math.floor(retention.maxBytes / segmentsKept)));
}

/** At which age, in milliseconds, a segment is closed although it is not full: what is in use is never deleted. */
export function segmentLimitMs(retention: LogRetention): number {
  return retention.maxAgeMs / segmentsKept;
}

/**
 * How many of the oldest segments are to be deleted: never the last one, which is in use.
 *
 * @param segments - oldest first
 * @param segmentBytes - at which size a segment is closed
 * @param now - milliseconds since the epoch
 */
export function expired(
  segments: readonly Pick<Segment, "bytes" | "writtenAt">[],
  retention: LogRetention,
  segmentBytes: number,
  now: number,
): number {
  const inUse = segments.at(-1);
  if (inUse === undefined) return 0;
  // The one in use counts as if it were full: the bound holds until the next is begun, not only now.
  let bytes = Math.max(segmentBytes, inUse.bytes);
  for (const segment of segments.slice(0, -1)) bytes += segment.bytes;
  let count = 0;
  for (const segment of segments.slice(0, -1)) {
    if (bytes <= retention.maxBytes && segment.writtenAt >= now - retention.maxAgeMs) break;
    bytes -= segment.bytes;
    count++;
  }
  return count;
}

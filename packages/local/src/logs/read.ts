import type { Instant, LogLine } from "@douze/core";
import { framesBack, gap, type OnDamage, readFrames } from "./frames.ts";
import type { Selection } from "./query.ts";
import type { Position, Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";

interface Start {
  readonly from: Position;
  /** Of the wanted lines from there on, those before the wanted count. */
  readonly skip: number;
}

/** The selected lines that are stored, oldest first, then, for a follower, those that come: those of a frame at once. */
export async function* readLines(
  segments: Segments,
  wanted: Selection,
  clock: () => number,
  onDamage: OnDamage,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[]> {
  const end = segments.end;
  const start =
    wanted.last === undefined
      ? { from: sinceStart(segments.list, wanted.since), skip: 0 }
      : await lastStart(segments, wanted, wanted.last, end, onDamage);
  let { skip } = start;
  const range = { from: start.from, to: wanted.follow ? undefined : end, noMore: noMore(wanted, clock, signal), onDamage };
  for await (const placed of readFrames(segments, range, signal)) {
    if (placed === gap) {
      yield [{ at: clock() as Instant, process: "douze", release: "", stream: "stderr", text: gapText }];
      continue;
    }
    const { segment, frame } = placed;
    const source = segment.sources[frame.header.source];
    if (source === undefined || !isWithin(frame.header.at, wanted) || !wanted.wants(source)) continue;
    const lines = wanted.lines(frame, source);
    if (lines.length > skip) yield skip === 0 ? lines : lines.slice(skip);
    skip = Math.max(0, skip - lines.length);
    if (signal.aborted) return;
  }
}

const gapText = "lines are missing here: they passed the bounds of the log store before they were read";

/**
 * The segment in which the first line since then is. Looked for from the newest back, in memory: should the clock have been
 * set back, what was written after that counts.
 */
function sinceStart(segments: readonly Segment[], since: number): Position {
  const segment = segments.findLast(({ createdAt }) => createdAt <= since) ?? segments[0];
  return { sequence: segment?.sequence ?? 0, offset: 0 };
}

/** Goes back from the end, segment by segment, until enough lines are found. */
async function lastStart(segments: Segments, wanted: Selection, count: number, end: Position, onDamage: OnDamage): Promise<Start> {
  if (count === 0) return { from: end, skip: 0 };
  const first = wanted.from ?? sinceStart(segments.list, wanted.since);
  const back = segments.list.filter(({ sequence }) => sequence >= first.sequence && sequence <= end.sequence).toReversed();
  let missing = count;
  // Before the first that is found nothing is wanted: it is not read again.
  let from = end;
  for (const segment of back) {
    if (segment.sourcesKnown && segment.sources.findLast(wanted.wants) === undefined) continue;
    const bounds = {
      from: segment.sequence === first.sequence ? first.offset : 0,
      to: segment.sequence === end.sequence ? end.offset : segment.bytes,
    };
    for await (const frame of framesBack(segment, bounds, onDamage)) {
      const source = segment.sources[frame.header.source];
      if (source === undefined || !isWithin(frame.header.at, wanted) || !wanted.wants(source)) continue;
      const found = wanted.lines(frame, source).length;
      if (found === 0) continue;
      from = { sequence: segment.sequence, offset: frame.at };
      if (found >= missing) return { from, skip: found - missing };
      missing -= found;
    }
  }
  return { from, skip: 0 };
}

function isWithin(at: number, { since, until }: Selection): boolean {
  return at >= since && at <= until;
}

const longestTimerMs = 2 ** 31 - 1;

/** A follower of a bounded time waits no longer when that time has come. */
function noMore({ follow, until }: Selection, clock: () => number, signal: AbortSignal): AbortSignal {
  if (!follow || until === Number.POSITIVE_INFINITY) return signal;
  return AbortSignal.any([signal, AbortSignal.timeout(Math.min(longestTimerMs, Math.max(0, until - clock())))]);
}

import { isOfProcess, type LogLine, type LogQuery } from "@douze/core";
import { type Grep, grep } from "./grep.ts";
import { frameLines } from "./lines.ts";
import type { Frame } from "./scan.ts";
import type { Position, Source } from "./segment.ts";

/** A query made ready: who is wanted is asked of a frame's header, and only then its lines are looked at. */
export interface Selection {
  readonly since: number;
  /** Before it nothing is wanted. */
  readonly from?: Position;
  readonly until: number;
  readonly last?: number;
  readonly follow: boolean;
  wants(source: Source): boolean;
  lines(frame: Frame, source: Source): readonly LogLine[];
}

/** @throws Problem log-grep-invalid - `grep` is no regular expression */
export function selection(query: LogQuery): Selection {
  const { processes = [], since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, last, follow = false } = query;
  return {
    since,
    until,
    follow,
    wants: wanting(processes),
    lines: matching(query.grep),
    ...(last === undefined ? {} : { last: Math.max(0, Math.trunc(last)) }),
  };
}

/** The last lines of one start of one process. */
export function lastOf(spool: string, count: number, from?: Position): Selection {
  const wants = (source: Source): boolean => source.spool?.id === spool;
  const ever = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  return { ...ever, follow: false, last: count, wants, lines: frameLines, ...(from && { from }) };
}

/** Whose lines are wanted: of these, or of all where none is named. */
export function wanting(processes: readonly string[]): Selection["wants"] {
  return ({ process }) => processes.length === 0 || processes.some((wanted) => isOfProcess(process, wanted));
}

function matching(pattern: string | undefined): Selection["lines"] {
  if (pattern === undefined) return frameLines;
  const matches: Grep = grep(pattern);
  return (frame, source) => {
    const lines = frameLines(frame, source);
    const found = matches(lines.map(({ text }) => text));
    return lines.filter((_, index) => found[index]);
  };
}

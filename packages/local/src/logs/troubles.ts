import { Problem } from "@douze/core";
import type { Spool, Stream } from "./spool.ts";

/** Told while the store goes on by itself; whoever opened it shows them. */
export type OnTrouble = (problem: Problem) => void;

export function writeFailed(directory: string, cause: unknown, what = "log lines cannot be stored"): Problem {
  const code = codeOf(cause);
  return new Problem({
    code: "log-write-failed",
    what,
    why:
      code === "ENOSPC" || code === "EDQUOT"
        ? `the disk of ${directory} is full (${code})`
        : `${directory} takes no writes: ${reason(cause)}`,
    fix: "make room or mend the folder's permissions; output is kept in the processes' own files meanwhile and is stored then",
    cause,
  });
}

export function storeClosed(directory: string): Problem {
  return new Problem({
    code: "log-write-failed",
    what: "a process's last output was not stored",
    why: `the log store ${directory} was closed first`,
    fix: "nothing is lost: it is stored when the engine starts again",
  });
}

export function spoolUnreadable(spool: Spool, stream: Stream, cause: unknown): Problem {
  return new Problem({
    code: "log-spool-unreadable",
    what: `the ${stream} of ${spool.process} cannot be read`,
    why: `${spool[stream]}: ${reason(cause)}`,
    fix: "mend the file's permissions; it is tried again with the next look",
    cause,
  });
}

export function spoolTruncated(spool: Spool, stream: Stream): Problem {
  return new Problem({
    code: "log-spool-truncated",
    what: `${spool.process} truncated its own ${stream}; lines may be missing`,
    why: `something in it opened /dev/${stream} for writing, which empties the file that it is`,
    fix: `in shell scripts write \`${stream === "stderr" ? ">&2" : ">&1"}\` or \`>> /dev/${stream}\` instead of \`> /dev/${stream}\``,
  });
}

export function segmentDamaged(path: string, cause?: unknown): Problem {
  return new Problem({
    code: "log-segment-damaged",
    what: "a part of the stored log lines is damaged",
    why: cause === undefined ? `${path} holds bytes that Douze did not write` : `${path} cannot be read: ${reason(cause)}`,
    fix: "check the disk; the rest of the log is read as usual",
    cause,
  });
}

export function spaceKept(why: string, cause?: unknown): Problem {
  return new Problem({
    code: "log-space-kept",
    what: "output of running processes takes up disk space twice until they end",
    why,
    fix: "install util-linux (`fallocate`) and keep Douze's state on ext4, XFS, Btrfs or tmpfs, or restart processes that write much",
    cause,
  });
}

export function storeUnusable(directory: string, cause: unknown): Problem {
  return new Problem({
    code: "log-store-unusable",
    what: `the log store ${directory} cannot be opened`,
    why: reason(cause),
    fix: "mend the folder's permissions, or move it away: an empty one is made then",
    cause,
  });
}

export function crashUnreadable(path: string, cause: unknown): Problem {
  return new Problem({
    code: "crash-unreadable",
    what: "what was kept of a crash cannot be read",
    why: `${path}: ${reason(cause)}`,
    fix: "delete the file; the lines themselves are still in `douze logs`",
    cause,
  });
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

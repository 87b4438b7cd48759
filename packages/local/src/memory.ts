import { setImmediate } from "node:timers/promises";
import { pageBytes, pids, procStat } from "./proc.ts";

/** So many files of /proc are read before others get their turn. */
const sliceSize = 64;

/**
 * Resident bytes of process groups, in one pass over /proc. Pages that several processes of a group share are counted for each:
 * an upper bound, as `ps` shows it.
 */
export async function groupMemory(groups: ReadonlySet<number>): Promise<ReadonlyMap<number, number>> {
  const pages = new Map<number, number>();
  for (const [index, pid] of pids().entries()) {
    if (index % sliceSize === sliceSize - 1) await setImmediate();
    const stat = procStat(pid);
    if (stat && groups.has(stat.group)) pages.set(stat.group, (pages.get(stat.group) ?? 0) + stat.residentPages);
  }
  const bytes = pageBytes();
  return new Map([...pages].map(([group, count]) => [group, count * bytes]));
}

import { setImmediate } from "node:timers/promises";
import { machine, pids, procStat } from "./proc.ts";

/** So many files of /proc are read before others get their turn. */
const sliceSize = 64;

/** What a process group takes. */
export interface Usage {
  /** Resident. Pages that several processes of a group share are counted for each: an upper bound, as `ps` shows it. */
  readonly bytes: number;
  /** CPU time of all that it had so far, children that have ended included, in milliseconds. */
  readonly cpuMs: number;
}

/** What process groups take, in one pass over /proc. */
export async function groupUsage(groups: ReadonlySet<number>): Promise<ReadonlyMap<number, Usage>> {
  const { pageBytes, tickMs } = machine();
  const usage = new Map<number, Usage>();
  for (const [index, pid] of pids().entries()) {
    if (index % sliceSize === sliceSize - 1) await setImmediate();
    const stat = procStat(pid);
    if (!stat || !groups.has(stat.group)) continue;
    const { bytes, cpuMs } = usage.get(stat.group) ?? { bytes: 0, cpuMs: 0 };
    usage.set(stat.group, { bytes: bytes + stat.residentPages * pageBytes, cpuMs: cpuMs + stat.cpuTicks * tickMs });
  }
  return usage;
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process as the machine sees it. */
export interface TreeProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** The program's name, at most fifteen characters. */
  readonly name: string;
  readonly zombie: boolean;
  /** As it sees itself: its number in its own namespace. */
  readonly inner: number;
}

/** All descendants of a process, itself left out, that are not zombies. */
export function descendants(ancestor: number): readonly TreeProcess[] {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found: TreeProcess[] = [];
  const queue = [ancestor];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    for (const child of children.get(pid) ?? []) {
      if (!child.zombie) found.push(child);
      queue.push(child.pid);
    }
  }
  return found;
}

function processOf(pid: number): TreeProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    const [state, parent, group, session] = stat.slice(end + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, end);
    const inner = Number(/^NSpid:.*?(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? pid);
    return {
      pid,
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      name,
      zombie: state === "Z" || state === "X",
      inner,
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether a process is there and runs: one that has ended holds nothing any more, even where nobody has asked how. */
export function lives(pid: number): boolean {
  return processOf(pid)?.zombie === false;
}

/** A process and none that gets its number later: the number, and when it was started. Absent: there is none, or no way to tell. */
export function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return started === undefined ? undefined : `${pid} ${started}`;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Arguments of a process; empty for one that has ended. */
export function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Inodes of the sockets that a process holds. */
export function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch (error) {
        if (isGone(error)) return [];
        throw error;
      }
    });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");
}

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readIfThere } from "../files.ts";
import { send } from "../proc.ts";
import { type Hierarchy, hierarchies } from "./mounts.ts";

/** What a process, with all that it starts, may take at most. */
export interface Limits {
  readonly memoryBytes?: number;
  readonly cores?: number;
  readonly processes?: number;
}

const controllers = ["memory", "cpu", "pids"] as const;
type Controller = (typeof controllers)[number];

/** Where a group of one process is made, and which controllers work there. */
interface Base {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
}

/** Of the engine itself, beside those of the apps; the unit of systemd names it too. */
const engineGroup = "engine";
const periodUs = 100_000;
/** How often a group that is being emptied is looked at, and for how long, in milliseconds. */
const emptyPollMs = 20;
const emptyMs = 2_000;

/** The groups of one environment's processes: one for each start, by the name of its run folder. */
export class Cgroups {
  readonly #bases: readonly Base[];

  private constructor(bases: readonly Base[]) {
    this.#bases = bases;
  }

  /**
   * Finds where groups can be made.
   *
   * @param directory - the environment's folder
   * @param delegated - this process's own group, in the one hierarchy of version 2, is its own to divide: that of a service, or a container's
   * @returns why there are none, where there are none
   */
  static open(directory: string, delegated: boolean): Cgroups | string {
    const found = hierarchies(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8"));
    const name = join("douze", createHash("sha256").update(directory).digest("hex").slice(0, 16));
    const reasons: string[] = [];
    const bases: Base[] = [];
    for (const hierarchy of found) {
      const able = controllersOf(hierarchy);
      if (able.length === 0) continue;
      try {
        const above = hierarchy.version === 2 ? divided(hierarchy.own, able, delegated) : hierarchy.own;
        const folder = join(above, name);
        mkdirSync(folder, { recursive: true });
        if (hierarchy.version === 2) for (const group of [join(above, "douze"), folder]) enable(group, able);
        bases.push({ folder, version: hierarchy.version, controllers: able });
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
        reasons.push(error.message);
      }
    }
    if (bases.length > 0) return new Cgroups(bases);
    return reasons[0] ?? "the machine has no cgroups for memory, cpu or pids here";
  }

  /** `memory, cpu, pids` */
  get controllers(): readonly string[] {
    return [...new Set(this.#bases.flatMap((base) => base.controllers))];
  }

  /**
   * Makes the group of a process.
   *
   * @returns its folders: whoever writes a pid into `cgroup.procs` of each is in it
   * @throws Error of the system - it cannot be made, or does not take a limit
   */
  make(id: string, limits: Limits): readonly string[] {
    return this.#bases.map((base) => {
      const folder = join(base.folder, id);
      mkdirSync(folder, { recursive: true });
      for (const [file, value] of settings(base, limits)) writeFileSync(join(folder, file), value);
      return folder;
    });
  }

  /** Ends all that is left in the group of a process that has ended, such as what made a session of its own, and removes it. */
  async remove(id: string): Promise<void> {
    for (const { folder: base } of this.#bases) await this.#removeFolder(join(base, id));
  }

  /** Removes the groups of processes that are known no more. */
  async sweep(known: ReadonlySet<string>): Promise<void> {
    for (const { folder } of this.#bases) {
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory() && !known.has(entry.name)) await this.#removeFolder(join(folder, entry.name));
    }
  }

  async #removeFolder(folder: string): Promise<void> {
    for (let waited = 0; existsSync(folder); waited += emptyPollMs) {
      for (const pid of wordsIn(join(folder, "cgroup.procs"))) send(Number(pid), "SIGKILL");
      try {
        rmdirSync(folder);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") return;
        if (code !== "EBUSY" || waited >= emptyMs) throw error;
        await setTimeout(emptyPollMs);
      }
    }
  }
}

function controllersOf({ version, controllers: given, own }: Hierarchy): readonly Controller[] {
  const able = version === 1 ? given : wordsIn(join(own, "cgroup.controllers"));
  return controllers.filter((each) => able.includes(each));
}

/**
 * The group that is divided. In version 2 it has no processes of its own: the engine's are in a group beside the apps', into which systemd
 * puts them (`DelegateSubgroup=`), or which is made where the engine is all that a container runs.
 */
function divided(own: string, able: readonly Controller[], delegated: boolean): string {
  const isInSubgroup = basename(own) === engineGroup;
  const above = isInSubgroup ? dirname(own) : own;
  const on = wordsIn(join(above, "cgroup.subtree_control"));
  if (able.every((each) => on.includes(each))) return above;
  if (!isInSubgroup && !delegated) throw Object.assign(new Error(`${own} is not the engine's own to divide`), { code: "EPERM" });
  if (!isInSubgroup) {
    const engine = join(own, engineGroup);
    mkdirSync(engine, { recursive: true });
    for (const pid of wordsIn(join(own, "cgroup.procs"))) writeFileSync(join(engine, "cgroup.procs"), pid);
  }
  enable(above, able);
  return above;
}

function wordsIn(file: string): readonly string[] {
  return (readIfThere(file) ?? "").split(/\s+/).filter((word) => word !== "");
}

function enable(folder: string, able: readonly Controller[]): void {
  writeFileSync(join(folder, "cgroup.subtree_control"), able.map((each) => `+${each}`).join(" "));
}

function settings({ version, controllers: able }: Base, { memoryBytes, cores, processes }: Limits): readonly (readonly [string, string])[] {
  const written: (readonly [string, string])[] = [];
  const quota = cores === undefined ? undefined : Math.max(1_000, Math.round(cores * periodUs));
  if (able.includes("memory") && memoryBytes !== undefined)
    written.push([version === 2 ? "memory.max" : "memory.limit_in_bytes", String(memoryBytes)]);
  if (able.includes("cpu") && quota !== undefined)
    written.push(
      ...(version === 2
        ? ([["cpu.max", `${quota} ${periodUs}`]] as const)
        : ([
            ["cpu.cfs_period_us", String(periodUs)],
            ["cpu.cfs_quota_us", String(quota)],
          ] as const)),
    );
  if (able.includes("pids") && processes !== undefined) written.push(["pids.max", String(processes)]);
  return written;
}

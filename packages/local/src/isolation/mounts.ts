import { resolve } from "node:path";

/** A hierarchy of cgroups, and where in it this process is. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Of version 1: what it controls. */
  readonly controllers: readonly string[];
  /** Folder of this process's own group. */
  readonly own: string;
}

/**
 * Finds the hierarchies of cgroups.
 *
 * @param mountinfo - text of /proc/self/mountinfo
 * @param membership - text of /proc/self/cgroup
 */
export function hierarchies(mountinfo: string, membership: string): readonly Hierarchy[] {
  const memberships = membership.split("\n").flatMap((line) => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    return match ? [{ controllers: (match[2] ?? "").split(",").filter(Boolean), path: match[3] ?? "/" }] : [];
  });
  return mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const names = new Set(options.split(","));
    const member =
      type === "cgroup2"
        ? memberships.find(({ controllers }) => controllers.length === 0)
        : memberships.find(({ controllers }) => controllers.length > 0 && controllers.every((each) => names.has(each)));
    // A group outside of what is mounted here cannot be seen.
    if (!member || !isWithin(member.path, root)) return [];
    const own = resolve(point.replaceAll("\\040", " "), `.${member.path.slice(root === "/" ? 0 : root.length)}`);
    return [{ version: type === "cgroup2" ? 2 : 1, controllers: member.controllers, own }];
  });
}

function isWithin(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}

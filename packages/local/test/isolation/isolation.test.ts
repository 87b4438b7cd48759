import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appUser } from "../../src/isolation/app-user.ts";
import { hierarchies } from "../../src/isolation/mounts.ts";
import { barrier } from "../../src/isolation/reach.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "douze-isolation-"));

test("an environment keeps its number, and nobody else gets it", () => {
  const users = folder();
  const [one, two] = [appUser("/srv/a", users), appUser("/srv/b", users)];
  expect(one?.uid).not.toBe(two?.uid);
  expect(appUser("/srv/a", users)).toEqual(one);
  expect(appUser("/srv/b", users)).toEqual(two);
  expect(readdirSync(users)).toHaveLength(2);
});

test("numbers of environments that are gone are given away when there are no others", () => {
  const [users, kept] = [folder(), folder()];
  for (let number = 60_706; number <= 61_183; number++) writeFileSync(join(users, String(number)), number === 60_900 ? "/srv/gone" : kept);
  expect(appUser("/srv/new", users)).toEqual({ uid: 60_900, gid: 60_900 });
  expect(appUser("/srv/newer", users)).toEqual({ uid: 60_900, gid: 60_900 });
  mkdirSync(join(users, "made"));
  writeFileSync(join(users, "60900"), kept);
  expect(appUser("/srv/newest", users)).toBe(undefined);
});

test("the first folder on the way that is closed to others", () => {
  const top = folder();
  const path = join(top, "a", "b");
  mkdirSync(path, { recursive: true });
  const user = { uid: 60_706, gid: 60_706 };
  expect(barrier(path, user)).toBe(top);
  chmodSync(top, 0o711);
  expect(barrier(path, user)).toBe(undefined);
  chmodSync(join(top, "a"), 0o710);
  expect(barrier(path, user)).toBe(join(top, "a"));
  rmSync(top, { recursive: true });
  expect(existsSync(top)).toBe(false);
});

const v1 = `30 25 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;

test("version 1: each hierarchy, seen from where this process is", () => {
  expect(hierarchies(v1, "4:memory:/user/1\n3:cpu,cpuacct:/docker/abc/x\n2:pids:/\n0::/\n")).toEqual([
    { version: 1, controllers: ["memory"], own: "/sys/fs/cgroup/memory/user/1" },
    { version: 1, controllers: ["cpu", "cpuacct"], own: "/sys/fs/cgroup/cpu,cpuacct/x" },
    { version: 2, controllers: [], own: "/sys/fs/cgroup/unified" },
  ]);
  // A group that lies outside of what is mounted cannot be seen.
  expect(hierarchies(v1, "3:cpu,cpuacct:/elsewhere\n")).toEqual([]);
});

test("version 2: one for all", () => {
  const mountinfo = "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  expect(hierarchies(mountinfo, "0::/system.slice/douze.service/engine\n")).toEqual([
    { version: 2, controllers: [], own: "/sys/fs/cgroup/system.slice/douze.service/engine" },
  ]);
});

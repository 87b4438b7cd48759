import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CapabilityState } from "../model/capability.ts";
import { Cell } from "./cell.ts";
import { Disk } from "./disk.ts";
import { Running } from "./running.ts";
import { findTools, type Tools } from "./tools.ts";

/** Whether a sandbox can be made here, found by making one. */
export type SandboxProbe =
  | { readonly there: true; readonly says: string; readonly tools: Tools; readonly trace: CapabilityState }
  | { readonly there: false; readonly says: string; readonly add: string };

/**
 * Makes a sandbox with a program in it that writes where an overlay lies.
 *
 * @param folder - on a file system that an overlay can have for its upper side
 */
export async function probeSandbox(folder: string): Promise<SandboxProbe> {
  if (process.platform !== "linux")
    return { there: false, says: `no namespaces on ${process.platform}`, add: "run it on Linux, or in a virtual machine with it" };
  const tools = findTools();
  if (!("unshare" in tools)) {
    return { there: false, says: `missing: ${tools.join(", ")}`, add: "install util-linux and iproute2" };
  }
  const own = await mkdtemp(join(folder, "probe-"));
  try {
    await using cell = await Cell.open(tools);
    await using disk = await Disk.make(join(own, "disk"));
    const said = await tryIn(tools, cell, disk, own, false);
    if (said !== undefined) return { there: false, says: said, add: adviceOn(said) };
    const traced = tools.strace === undefined ? "strace is not installed" : await tryIn(tools, cell, disk, own, true);
    const trace: CapabilityState =
      traced === undefined
        ? { there: true, says: "strace" }
        : {
            there: false,
            says: traced,
            add: tools.strace === undefined ? "install strace" : "allow ptrace (kernel.yama.ptrace_scope below 3)",
          };
    return { there: true, says: "namespaces and overlays", tools, trace };
  } catch (error) {
    const says = (error as Error).message;
    return { there: false, says, add: adviceOn(says) };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** @returns what went wrong */
async function tryIn(tools: Tools, cell: Cell, disk: Disk, own: string, traced: boolean): Promise<string | undefined> {
  const { mkdir, writeFile } = await import("node:fs/promises");
  const etc = join(own, "etc");
  await mkdir(etc, { recursive: true });
  await mkdir(join(own, "tree"), { recursive: true });
  for (const name of ["resolv.conf", "hosts"]) await writeFile(join(etc, name), "");
  await using running = await Running.start(tools, cell, etc, {
    name: "probe",
    command: "echo hello >/etc/douze-probe && echo hello >probe && echo done",
    env: { PATH: "/usr/bin:/bin" },
    tree: join(own, "tree"),
    disk,
    seen: [],
    traced,
    tell: () => undefined,
  });
  await running.until(() => running.end !== undefined, 10_000);
  await running.until(() => running.text.includes("done"), 500);
  if (!running.text.includes("done")) return running.lines.at(-1)?.text ?? "a program in a sandbox did not run";
  if (traced) return (await running.trace()).execs.length > 0 ? undefined : "strace saw nothing";
  const written = (await disk.ledger()).map(({ path }) => path);
  return written.includes("/etc/douze-probe") && written.includes("/app/probe") ? undefined : "what was written was not found again";
}

function adviceOn(says: string): string {
  if (/unshare|Operation not permitted|EPERM/i.test(says)) {
    return "allow user namespaces: `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu 24.04, `--privileged` or `--security-opt seccomp=unconfined` for a container around it";
  }
  if (/overlay/i.test(says))
    return "set TMPDIR to a folder on ext4, xfs or btrfs: this one's file system cannot be an overlay's upper side";
  return "look at what it says; `douze check --probe` tries it again";
}

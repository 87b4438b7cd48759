import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { ProcessView, ReleaseView } from "@douze/engine";
import { describe, expect, test } from "vitest";
import { pids, procStat } from "../../../local/src/proc.ts";
import { load } from "./load.ts";
import { Served } from "./serve.ts";
import { AppFolder } from "./up.ts";

const execute = promisify(execFile);
const fixtures = join(import.meta.dirname, "../fixtures/frameworks");

/** Long on demand: `RELEASES=40 npm run test:frameworks -- go`. */
const releases = Number(process.env["RELEASES"] ?? 4);

/** A framework, and how an app of it is started, which answers with its release. */
export interface Framework {
  readonly name: string;
  /** Folder of its app among the fixtures. */
  readonly app: string;
  /** Words of a shell, in the app's folder. */
  readonly command: string;
  /** What its process type declares. */
  readonly socket: "auto" | "inherit" | "route";
}

/** Describes frameworks whose programs are there. Without them nothing of it is tried, and that is printed. */
export function describeWith(subject: string, programs: readonly string[], describeThem: () => void | Promise<void>): void {
  const missing = programs.filter((name) => !isThere(name));
  if (missing.length > 0) console.log(`${subject}: skipped, for there is no ${missing.join(" and no ")} here`);
  // Also what is skipped is described, which would install what it needs.
  if (missing.length > 0) test.skip(subject, () => undefined);
  else describe(subject, describeThem);
}

/** What holds of each that serves on a socket it was handed. */
export function describeFramework(framework: Framework): void {
  const { name } = framework;
  describe(name, () => {
    test("serves on the public socket, and is known to be ready process by process", async () => {
      const app = await AppFolder.copyOf(join(fixtures, framework.app));
      const hold = join(app.folder, "..", "hold");
      await execute("mkfifo", [hold]);
      // The sockets that it is handed listen before it has begun: only that it accepts can tell that it is ready.
      await declare(app, framework, `[ "$DOUZE_PROCESS" != web.2 ] || read -r _ <${hold}; `);
      await using served = await Served.start(app);
      const deployed = served.ask<ReleaseView>("deploy");
      const firstReady = ([first, second]: readonly ProcessView[]): boolean => first?.phase === "ready" && second !== undefined;
      expect((await processesOnce(served, firstReady)).map(({ phase }) => phase)).toEqual(["ready", "starting"]);
      await writeFile(hold, "go\n");
      expect(await deployed).toMatchObject({ status: "current" });
      const processes = await served.processes();
      expect(processes.map(({ phase, requests }) => [phase, requests])).toEqual(processes.map(() => ["ready", { via: "socket" }]));
      expect((await app.run("ps", "--why")).stdout).toContain("web.1 takes requests from the public socket itself");
      const groups = processes.map(({ pid = 0 }) => procStat(pid)?.group);
      expect(groups).toContain(await groupThatAccepts(served.port));
    });

    test(`loses no request over ${releases} releases and rollbacks`, async () => {
      const app = await AppFolder.copyOf(join(fixtures, framework.app));
      await declare(app, framework);
      await using served = await Served.start(app);
      await served.ask("deploy");
      const clients = load(served.port, { keeping: 4, fresh: 2 });
      for (let done = 0; done < releases; done += 2) {
        expect(await served.ask<ReleaseView>("deploy", "--set", `TEXT=${done}`)).toMatchObject({ status: "current" });
        expect((await app.run("rollback", "--yes")).code).toBe(0);
      }
      const { requests, failures, bodies } = await clients.stop();
      console.log(`${name}: ${failures.length} of ${requests} requests failed over ${releases} releases and rollbacks`);
      expect(failures).toEqual([]);
      // Each release has answered, or nothing was shown.
      expect(bodies.size).toBeGreaterThanOrEqual(releases);
    });
  });
}

/** That it has the router unless it is declared otherwise, and says why. */
export function describeRouted(framework: Omit<Framework, "socket">): void {
  test(`${framework.name} gets the router where nothing is declared, and is told why`, async () => {
    const app = await AppFolder.copyOf(join(fixtures, framework.app));
    await declare(app, { ...framework, socket: "auto" });
    await using served = await Served.start(app);
    await served.ask("deploy");
    const routed = await processesOnce(served, (processes) => processes.every(({ requests }) => requests?.why?.includes("every") === true));
    expect(routed.map(({ requests }) => requests?.via)).toEqual(["router", "router"]);
    expect((await app.run("ps", "--why")).stdout).toContain(
      "web.1 gets requests through the router: not every process can be given the socket: one is no Node program",
    );
    expect(await (await fetch(served.address, { headers: { connection: "close" } })).text()).toBe("v1");
  });
}

function isThere(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

async function declare(app: AppFolder, { command, socket }: Omit<Framework, "name" | "app">, before = ""): Promise<void> {
  const web = { command: `${before}exec ${command}`, socket, scale: 2, boot: "30s", grace: "10s" };
  const manifest = { app: "framework", build: { language: "none" }, processes: { web }, config: { TEXT: { default: "first" } } };
  await writeFile(join(app.folder, "douze.yaml"), JSON.stringify(manifest));
}

/** Asks again until it holds; each answer is awaited, no time is. */
async function processesOnce(served: Served, holds: (processes: readonly ProcessView[]) => boolean): Promise<readonly ProcessView[]> {
  for (;;) {
    const processes = await served.processes();
    if (holds(processes)) return processes;
  }
}

/** Number of the process group that accepts a connection to this port: behind a router it would be the router's. */
async function groupThatAccepts(port: number): Promise<number | undefined> {
  const socket = createConnection(port, "127.0.0.1");
  await once(socket, "connect");
  try {
    for (;;) {
      const inode = await inodeOf(port, socket.localPort ?? 0);
      const owner = inode === undefined ? undefined : await ownerOf(`socket:[${inode}]`);
      if (owner !== undefined) return procStat(owner)?.group;
    }
  } finally {
    socket.destroy();
  }
}

/** Of a connection's end at `local`; it has none before it is accepted. */
async function inodeOf(local: number, remote: number): Promise<string | undefined> {
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/self/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  const inode = lines.find(([, from, to]) => from?.endsWith(hex(local)) && to?.endsWith(hex(remote)))?.[9];
  return inode === "0" ? undefined : inode;
}

async function ownerOf(link: string): Promise<number | undefined> {
  for (const pid of pids()) {
    const folder = `/proc/${pid}/fd`;
    // Processes end while they are looked at.
    for (const fd of await readdir(folder).catch(() => [])) if ((await readlink(join(folder, fd)).catch(() => "")) === link) return pid;
  }
  return undefined;
}

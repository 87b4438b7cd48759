import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findProgram } from "../../src/sandbox/tools.ts";

const program = fileURLToPath(new URL("../support/primitives.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

interface Seen {
  readonly probe: {
    readonly there: boolean;
    readonly says: string;
    readonly add?: string;
    readonly trace?: { readonly there: boolean; readonly says: string };
  };
  readonly user: number;
  readonly seen: Readonly<Record<string, unknown>>;
}

/** Runs all primitives; as a user of no rights where that is asked for. @returns why it could not */
async function primitives(as: "us" | "nobody"): Promise<Seen | string> {
  const setpriv = findProgram("setpriv", "");
  if (as === "nobody") {
    if (!isRoot) return "whoever runs this is not root already";
    if (setpriv === undefined) return "there is no setpriv to become somebody else with";
    if (!isReadableByAll(program) || !isReadableByAll(process.execPath)) return "nobody else may read this folder";
  }
  const lead = as === "nobody" ? [setpriv ?? "", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"] : [];
  const [file = "", ...words] = [...lead, process.execPath, "--conditions=douze-source", program];
  const child = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"], cwd: "/", env: { PATH: process.env["PATH"], HOME: "/" } });
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on("close", () => resolve());
  await promise;
  if (child.exitCode !== 0) throw new Error(`the primitives as ${as}: ${Buffer.concat(chunks.stderr).toString("utf8")}`);
  return JSON.parse(Buffer.concat(chunks.stdout).toString("utf8")) as Seen;
}

/** Others need to get through each folder on the way, too. */
function isReadableByAll(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    const { uid, gid } = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    try {
      process.setegid?.(nobody);
      process.seteuid?.(nobody);
      accessSync(path, constants.R_OK);
      return true;
    } finally {
      process.seteuid?.(uid);
      process.setegid?.(gid);
    }
  } catch {
    return false;
  }
}

/** What is seen with each, and beside it what is seen where the thing is not so: an instrument that could not tell would say the same. */
const expected: Readonly<Record<string, unknown>> = {
  cell: { sinkListens: true, withoutNamespaces: expect.stringContaining("ended"), unknownProxy: "there is no proxy none" },
  world: {
    tree: "tree/app",
    outside: "absent",
    temporary: "/home/app:\n\n/tmp:",
    environment: [
      "DOUZE_APP",
      "DOUZE_BUILD",
      "DOUZE_ENVIRONMENT",
      "DOUZE_PROCESS",
      "DOUZE_RELEASE",
      "DYNO",
      "GREETING",
      "HOME",
      "HOST",
      "LANG",
      "PATH",
      "PORT",
      "PWD",
      "TMPDIR",
    ],
    interfaces: "lo",
  },
  ledger: {
    wrote: [
      "/app/changed.txt file 6",
      "/app/deleted.txt deleted 0",
      "/app/made folder 0",
      "/app/made/link link 0",
      "/app/made/new.txt file 2",
      "/etc/douze-test file 2",
      "/tmp/t file 2",
      "/var/log/app.log file 2",
    ],
    read: [],
    text: "1more\n",
    short: "l",
    gone: null,
    tree: ["changed.txt", "deleted.txt", "kept.txt"],
    changed: "1",
    etc: false,
  },
  readonly: { readonly: "refused\ntmp", control: "written\ntmp" },
  hidden: { hidden: "none\nstill: /usr/bin/cat", control: 4 },
  disk: { again: "kept\nkept", other: "empty", left: false },
  beside: { beside: "here", control: "alone", lives: true },
  terminal: { terminal: "terminal", control: "pipe" },
  ends: {
    zero: 0,
    three: 3,
    traced: 3,
    first: 3,
    killed: 137,
    missing: 127,
    timeline: ["started", "SIGKILL to the process", "ended with SIGKILL (or exit code 137)"],
  },
  signals: { root: false, all: true, first: "1", notFirst: false },
  orphans: { left: "sleep", gone: true, control: true, after: false },
  trace: {
    programs: ["/bin/echo"],
    arguments: ["/bin/echo", "traced"],
    read: expect.objectContaining({ path: "data.txt", writes: false }),
    missing: expect.objectContaining({ path: "never.txt", failed: "ENOENT" }),
    written: expect.objectContaining({ path: "/tmp/out", writes: true, append: false }),
    control: { execs: [], opens: [], connects: [] },
  },
  egress: {
    nobody: "quiet",
    control: [],
    said: ["ECONNREFUSED 81", "connected 5432", "connected 6379", "connected 80", "done"],
    egress: ["127.0.0.1 6379 redis", "api.acme.test", "api.acme.test 80 http", "db.acme.test", "db.acme.test 5432 postgres"],
    host: ["ECONNREFUSED port", "done"],
    reachedFromInside: 0,
    reachedFromHere: 1,
  },
  proxy: {
    variable: "tcp://echo.douze.test:7000",
    said: ["plain", "late", "silence", "ECONNREFUSED", "again"],
    lateBy: true,
    plainBy: true,
    held: ["held", "ECONNRESET", "closed"],
    heard: ["plain", "late", "silent", "held", "again"],
    unheard: false,
    traffic: [1, 5, 5, 13],
    lookedUp: 0,
    timeline: ["800 ms slower", "silent: accepts and never answers", "answers again", "cut off: resets and refuses", "answers again"],
  },
  requests: {
    answer: [200, "/a POST"],
    everyAddress: "/b GET",
    nobody: "ECONNREFUSED",
    impatient: "timeout",
    listens: true,
    missed: { struck: false, most: 0 },
    refused: ["refused"],
    whole: true,
    struck: true,
    cut: true,
    ended: 143,
  },
};

describe.each(["us", "nobody"] as const)("as %s", async (as) => {
  const seen = await primitives(as);

  test.for(Object.keys(expected))("%s", (name, { skip }) => {
    if (typeof seen === "string") return skip(seen);
    const { probe } = seen;
    if (!probe.there) return skip(`${probe.says}: ${probe.add ?? ""}`);
    if (name === "trace" && probe.trace?.there === false) return skip(probe.trace.says);
    expect(seen.user).toBe(as === "nobody" ? nobody : process.getuid?.());
    expect(seen.seen[name]).toEqual(expected[name]);
  });
});

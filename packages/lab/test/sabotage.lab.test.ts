import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Ruling } from "../src/model/verdict.ts";
import { findTools } from "../src/sandbox/tools.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { mutations } from "./mutations/node.ts";
import { AppCopy, type Language } from "./support/app-copy.ts";

interface Outcome {
  readonly verdicts?: Readonly<Record<string, Ruling>>;
  readonly problem?: string;
}

const tools = findTools();
const isReady = "unshare" in tools && process.getuid?.() === 0;
/** It would be one for the tests beside it as well. */
const isBusyTried = process.env["LAB_BUSY"] === "1";
if (!isBusyTried) console.log("what is told on a machine that is much too busy is tried with LAB_BUSY=1 alone");
if (!isReady) console.log("nothing is taken from the machine: that needs root, and what the sandbox needs");

/** What is taken from the machine, as a shell does it in a mount namespace of its own. `$ASIDE` is a folder of its own. */
const sabotages: Readonly<Record<string, string>> = {
  "no strace": withoutProgram("strace"),
  "no unshare": withoutProgram("unshare"),
  "no user namespaces": "echo 0 >/proc/sys/user/max_user_namespaces",
  "no redis-server": withoutProgram("redis-server"),
  // One processor for itself and four others that want all of it: a fifth of one, at most.
  "a machine that is much too busy":
    "taskset -pc 0 $$ >/dev/null; for one in 1 2 3 4; do while kill -0 $$ 2>/dev/null; do :; done & done; renice -n 5 $$ >/dev/null",
  "a full disk": "mount -t tmpfs -o size=256k tmpfs $TMPDIR",
};

/** The whole of /usr is put over itself, for a sandbox cannot be made where something is mounted below it. */
function withoutProgram(name: string): string {
  return `mkdir $ASIDE/upper $ASIDE/work; mount -t overlay -o lowerdir=/usr,upperdir=$ASIDE/upper,workdir=$ASIDE/work overlay /usr; rm /usr/bin/${name}`;
}

async function examineWithout(sabotage: string, folder: string, codes: readonly string[]): Promise<Outcome> {
  const aside = mkdtempSync(join(tmpdir(), "lab-"));
  try {
    const program = join(import.meta.dirname, "support/examine-here.ts");
    mkdirSync(join(aside, "tmp"));
    // Limits of a user namespace are its own.
    const user = sabotage === "no user namespaces" ? ["--user", "--map-root-user"] : [];
    const child = spawn(
      "unshare",
      [
        ...[...user, "--mount", "sh", "-c"],
        `${sabotages[sabotage]}\nexec "$@"`,
        "sh",
        ...[process.execPath, "--conditions=douze-source", program, folder, ...codes],
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ASIDE: aside, TMPDIR: join(aside, "tmp") },
      },
    );
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    await once(child, "close");
    return JSON.parse(text) as Outcome;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

const said = ({ verdicts = {} }: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(verdicts).map(([code, ruling]) => [code, ruling.verdict === "unknown" ? `unknown: ${ruling.reason}` : ruling.verdict]),
  );

const tried = ["II.lock-exact", "II.system-tools", "VII.honours-port", "IX.sigterm-exit", "XI.unbuffered"];
const without = (reason: string): Readonly<Record<string, string>> => ({
  "II.lock-exact": "pass",
  ...Object.fromEntries(tried.slice(1).map((code) => [code, `unknown: ${reason}`])),
});

test.skipIf(!isReady).for([
  ["no strace", "node", { ...Object.fromEntries(tried.map((code) => [code, "pass"])), "II.system-tools": "unknown: tool-missing" }],
  ["no unshare", "node", without("no-sandbox")],
  ["no user namespaces", "node", without("no-sandbox")],
  ["no redis-server", "ruby", { ...without("no-engine"), "II.lock-exact": "inapplicable" }],
] as const)("with %s, checks of a good %s app say why they cannot tell, and the others tell", async ([sabotage, language, expected]) => {
  using app = new AppCopy(language as Language);
  expect(said(await examineWithout(sabotage, app.folder, tried))).toEqual(expected);
});

const broken = ["IX.sigterm-exit", "XI.unbuffered"].map((code) => mutations.find(({ check }) => check === code) as Mutation);

test.skipIf(!isReady).for(["a full disk", ...(isBusyTried ? ["a machine that is much too busy"] : [])])(
  "on %s a good app is not accused, and a broken one not praised",
  async (sabotage) => {
    using good = new AppCopy("node");
    using bad = new AppCopy(
      "node",
      broken.flatMap(({ edits }) => edits),
    );
    const [ofGood, ofBad] = [await examineWithout(sabotage, good.folder, tried), await examineWithout(sabotage, bad.folder, tried)];
    for (const outcome of [ofGood, ofBad]) expect(Object.keys(outcome), JSON.stringify(outcome)).toHaveLength(1);
    expect(Object.entries(said(ofGood)).filter(([, verdict]) => verdict === "fail")).toEqual([]);
    expect(broken.map(({ check }) => said(ofBad)[check]).filter((verdict) => verdict === "pass")).toEqual([]);
  },
);

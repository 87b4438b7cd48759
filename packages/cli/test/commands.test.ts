import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Operations } from "@douze/engine";
import { expect, test } from "vitest";
import * as fixed from "../../server/test/support/operations.ts";
import { wholeProgram } from "../src/whole-program.ts";
import { app } from "./support/app.ts";
import { douze } from "./support/douze.ts";

const by = expect.stringMatching(/^.+@.+$/) as string;
const all = fixed.fixedOperations();
const quiet = (): void => undefined;

/** What is asked of the engine, what a person reads, and what a program does. */
const cases: readonly {
  readonly line: readonly string[];
  readonly asks: readonly unknown[];
  readonly prints?: string;
  readonly tells?: string;
  readonly json?: (operations: Operations) => unknown;
}[] = [
  {
    line: ["ps"],
    asks: [["processes"]],
    prints:
      "PROCESS  RELEASE  STATE  UP     RESTARTS  MEMORY  PORT   VIA     COMMAND\nweb.1    v12      ready  <age>  0         59 MiB  41873  router  node server.js\n",
    json: (operations) => operations.processes(),
  },
  {
    line: ["ps", "--why"],
    asks: [["processes"], ["scaling"], ["status"]],
    prints:
      "PROCESS  RELEASE  STATE  UP     RESTARTS  MEMORY  PORT   VIA     COMMAND\nweb.1    v12      ready  <age>  0         59 MiB  41873  router  node server.js\nweb: 3, between 2 and 10: cpu 68 % of 70 % (<age> ago)\nweb.1 gets requests through the router: several apps share the port\nprocesses run as user 60706, which nobody else has\n",
  },
  { line: ["ps", "worker"], asks: [["processes"]], tells: "nothing runs\n" },
  {
    line: ["scale", "web=3", "worker=0"],
    asks: [["scale", { formation: { web: 3, worker: 0 }, by }]],
    prints: "TYPE    COUNT\nweb     3\nworker  0\n",
    json: async () => ({ web: 3, worker: 0 }),
  },
  { line: ["scale"], asks: [["status"]], prints: "TYPE    COUNT\nweb     2\nworker  1\n", json: async () => fixed.status.formation },
  { line: ["restart"], asks: [["restart", []]], tells: "restarting all processes; `douze ps` shows it\n" },
  {
    line: ["restart", "web", "worker.1"],
    asks: [["restart", ["web", "worker.1"]]],
    tells: "restarting web, worker.1; `douze ps` shows it\n",
  },
  { line: ["stop"], asks: [["shutDown"]], tells: "stopping\n" },
  { line: ["stop", "web"], asks: [["scale", { formation: { web: 0 }, by }]], tells: "stopping web; `douze scale web=1` starts it again\n" },
  {
    line: ["status"],
    asks: [["status"]],
    prints:
      "hola in development: running, engine 4711\n  release   v12\n  formation web=2 worker=1\n  open      http://127.0.0.1:5000\n  isolation processes run as user 60706, which nobody else has\n",
    json: (operations) => operations.status(),
  },
  {
    line: ["drains"],
    asks: [["drains"], ["status"]],
    prints:
      "DRAIN      TO                        SENT  DROPPED  BEHIND  STATE\ncollector  https://logs.example.org  120   3        4 KiB   waiting since 2026-11-20 16:00:00: connect ECONNREFUSED\n",
    json: (operations) => operations.drains(),
  },
  {
    line: ["releases"],
    asks: [["releases"]],
    prints: "RELEASE  STATUS   WHAT            BY          AGE\nv12      current  deploy 4f2a91c  ada@laptop  <age>\n",
    json: (operations) => operations.releases(),
  },
  {
    line: ["releases", "show", "v12"],
    asks: [["release", 12]],
    prints: `v12 current: deploy 4f2a91c
  made      2026-11-20 16:00:00 by ada@laptop
  build     ${fixed.build}
  commit    4f2a91c000000000000000000000000000000000
  outcome   succeeded 2026-11-20 16:00:00
  formation web=2
  resource  db as DATABASE_URL: embedded

KEY       VALUE     FROM          SINCE
GREETING  ¡Hola!\\n  ledger, live  v9
`,
    json: (operations) => operations.release(fixed.v(12)),
  },
  {
    line: ["releases", "diff", "v11", "12"],
    asks: [["diff", 11, 12]],
    prints: 'v11 → v12\n  config     ~ GREETING: "Hello" → "Hola"\n',
    json: (operations) => operations.diff(fixed.v(11), fixed.v(12)),
  },
  { line: ["diff", "v11"], asks: [["status"], ["diff", 11, 12]], prints: 'v11 → v12\n  config     ~ GREETING: "Hello" → "Hola"\n' },
  {
    line: ["rollback", "v11", "--yes"],
    asks: [
      ["rollbackPreview", 11],
      ["rollback", { to: 12, by }],
    ],
    prints: 'v11 → v12\n  config     ~ GREETING: "Hello" → "Hola"\nv12 current: deploy 4f2a91c\n',
    tells: "-----> Processes\n       web.1 is ready\n",
    json: (operations) => operations.rollback({ by: "" }, quiet),
  },
  {
    line: ["deploy", "--ref", "main", "--set", "GREETING=x=y"],
    asks: [["deploy", { by, workingTree: false, ref: "main", flags: { GREETING: "x=y" } }]],
    prints: "v12 current: deploy 4f2a91c\n",
    tells: "-----> Build\n       npm ci\n       added 12 packages\n-----> Release\n       v12\n",
    json: (operations) => operations.deploy({ by: "" }, quiet),
  },
  { line: ["deploy"], asks: [["deploy", { by, workingTree: true }]], prints: "v12 current: deploy 4f2a91c\n" },
  {
    line: ["deploy", "--if-changed"],
    asks: [["deploy", { by, workingTree: true, onlyIfChanged: true }]],
    prints: "v12 current: deploy 4f2a91c\n",
  },
  {
    line: ["config"],
    asks: [["config"]],
    prints: "KEY       VALUE     FROM          SINCE\nGREETING  ¡Hola!\\n  ledger, live  v9\n",
    json: (operations) => operations.config(),
  },
  { line: ["config", "get", "GREETING"], asks: [["configKey", "GREETING"]], prints: "¡Hola!\n", json: async () => fixed.greeting },
  {
    line: ["config", "set", "GREETING=a=b", "EMPTY="],
    asks: [["changeConfig", { set: { GREETING: "a=b", EMPTY: "" }, unset: [], by }]],
    prints: "v12 current: deploy 4f2a91c\n",
    json: (operations) => operations.changeConfig({ set: {}, unset: [], by: "" }, quiet),
  },
  {
    line: ["config", "unset", "A", "B"],
    asks: [["changeConfig", { set: {}, unset: ["A", "B"], by }]],
    prints: "v12 current: deploy 4f2a91c\n",
  },
  {
    line: ["config", "why", "GREETING"],
    asks: [["configKey", "GREETING"]],
    prints: `GREETING (string, required)
  ¡Hola!\\n
  from ledger since v9, set by ada@laptop, 2026-11-20 16:00:00
  layers, the one that wins first:
    → ledger    ¡Hola!\\n  (v9)
`,
    json: (operations) => operations.configKey("GREETING"),
  },
  {
    line: ["attach", "db", "postgres://u:p@h/db", "--as", "OTHER_URL"],
    asks: [["attach", { resource: "db", by, url: "postgres://u:p@h/db", as: "OTHER_URL" }]],
    prints: "v12 current: deploy 4f2a91c\n",
    json: (operations) => operations.attach({ resource: "db", by: "" }, quiet),
  },
  { line: ["detach", "db"], asks: [["detach", { resource: "db", by }]], prints: "v12 current: deploy 4f2a91c\n" },
  {
    line: ["resources"],
    asks: [["resources"]],
    prints:
      "RESOURCE  TYPE      VARIABLE      WHERE                     STATE\ndb        postgres  DATABASE_URL  embedded 127.0.0.1:41000  reachable: PostgreSQL 18\n",
    json: (operations) => operations.resources(),
  },
  {
    line: ["resources", "backup", "db"],
    asks: [["backup", "db"]],
    prints: "backups/db.dump (1 KiB)\n",
    json: (operations) => operations.backup("db"),
  },
  {
    line: ["resources", "restore", "db", "/srv/db.dump", "--yes"],
    asks: [["restore", { resource: "db", file: "/srv/db.dump" }]],
    tells: "db holds what /srv/db.dump held\n",
  },
  {
    line: ["cron"],
    asks: [["cron"]],
    prints:
      "ENTRY   SCHEDULE   ZONE  OVERLAP  NEXT                 LAST       COMMAND\nreport  0 3 * * *  UTC   forbid   2026-11-20 16:00:00  succeeded  node report.js\n",
    json: (operations) => operations.cron(),
  },
  {
    line: ["cron", "runs", "report"],
    asks: [["cronRuns", "report"]],
    prints:
      "ENTRY   DUE                  RESULT     RELEASE  TOOK  RUN\nreport  2026-11-20 16:00:00  succeeded  -        -     cron.report.1\n",
    json: (operations) => operations.cronRuns(),
  },
  {
    line: ["cron", "run", "report"],
    asks: [["cronRun", "report"]],
    prints: "cron.report.1 started; `douze logs -p cron.report.1` shows what it writes\n",
    json: (operations) => operations.cronRun("report"),
  },
  {
    line: ["runs"],
    asks: [["runs"]],
    prints:
      "RUN    RELEASE  STARTED              STATE    BY          COMMAND\nrun.7  v12      2026-11-20 16:00:00  running  ada@laptop  node migrate.js\n",
    json: (operations) => operations.runs(),
  },
  {
    line: ["run", "--detach", "--", "node", "-e", "1"],
    asks: [["runDetached", { command: ["node", "-e", "1"], by }]],
    prints: "run.7 started in v12; `douze logs -f -p run.7` shows what it writes\n",
  },
  { line: ["run", "--json", "-d", "--", "true"], asks: [["runDetached", { command: ["true"], by }]] },
  { line: ["maintenance", "on"], asks: [["maintenance", true]], prints: "maintenance is on\n", json: async () => ({ maintenance: true }) },
  { line: ["maintenance"], asks: [["status"]], prints: "maintenance is off\n", json: async () => ({ maintenance: false }) },
  {
    line: ["logs", "-p", "web", "worker.1", "--grep", "a|b", "-n", "5"],
    asks: [["logs", { processes: ["web", "worker.1"], grep: "a|b", last: 5 }]],
    prints: "2026-11-20T16:00:00.000Z web.1      | listening on 41873\n2026-11-20T16:00:00.000Z web.1      | one\ttwo \\u2028 three\n",
  },
  { line: ["logs"], asks: [["logs", { last: 100 }]] },
  {
    line: ["logs", "--since", "2026-11-20T15:00Z", "--until", "2026-11-20T16:00Z"],
    asks: [["logs", { since: 1_795_186_800_000, until: 1_795_190_400_000 }]],
  },
  {
    line: ["why", "web.1"],
    asks: [["crashes", "web.1"]],
    prints: `web.1@v12 exited with status 3
  when      2026-11-20 16:00:00, after 0s
  command   node server.js
  restarts  2
  last lines:
    2026-11-20T16:00:00.000Z web.1      | listening on 41873
`,
    json: (operations) => operations.crashes("web.1"),
  },
];

test.for(cases)("douze $line", async ({ line, asks, prints, tells, json }) => {
  await using here = await app();
  const called = await here.answers();

  const [{ code, stdout, stderr }, inJson] = await Promise.all([douze(line, { in: here.folder }), json && asJson(line)]);

  // What is asked at once comes over connections of its own, in any order.
  const sorted = (calls: readonly (readonly unknown[])[]): unknown => [...calls].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  expect({ code, asked: sorted(called.map(({ name, given }) => [name, ...given])) }).toEqual({
    code: 0,
    asked: sorted(asks as readonly (readonly unknown[])[]),
  });
  if (prints !== undefined)
    expect(prints.includes("<age>") ? ageless(stdout) : stdout).toBe(prints.includes("<age>") ? ageless(prints) : prints);
  if (tells !== undefined) expect({ stderr, stdout: prints === undefined ? stdout : "" }).toEqual({ stderr: tells, stdout: "" });
  if (json) expect(inJson).toEqual(JSON.parse(JSON.stringify(await json(all))));
});

test("parity tells in what two environments differ, and fails where it is asked to", async () => {
  await using here = await app();
  await here.answers({}, "staging");
  const processes = { ...fixed.release.processes };
  for (const type of Object.keys(processes)) Object.assign(processes, { [type]: { memoryBytes: 1024 } });
  await here.answers({ release: async () => await Promise.resolve({ ...fixed.release, processes, config: [] }) }, "production");

  const { code, stdout } = await douze(["parity", "staging", "production", "--exit-code"], { in: here.folder });

  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: `KIND    NAME             STAGING    PRODUCTION
limit   web memoryBytes  268435456  1024
config  GREETING         set, live  -
`,
  });
  expect((await douze(["parity", "staging", "staging", "--exit-code"], { in: here.folder })).stdout).toBe(
    "staging and staging are alike\n",
  );
});

test("console tells what to declare where the release has none", async () => {
  await using here = await app();
  const called = await here.answers();

  const { code, stderr } = await douze(["console"], { in: here.folder });

  expect({ code, asked: called.map(({ name }) => name) }).toEqual({ code: 1, asked: ["releases"] });
  expect(stderr).toContain("code: console-undeclared");
});

test("promote takes one environment's build to another, where it is not built again", async () => {
  await using here = await app();
  const staging = await here.answers({}, "staging");
  const production = await here.answers({}, "production");

  const { code, stdout } = await douze(["promote", "staging", "production"], { in: here.folder });

  expect({ code, stdout }).toEqual({ code: 0, stdout: "v12 current in production: deploy 4f2a91c\n" });
  expect(staging.map(({ name }) => name)).toEqual(["status", "release"]);
  expect(production).toEqual([
    { name: "deploy", given: [{ build: fixed.build, promotedFrom: { environment: "staging", version: 12 }, by }] },
  ]);
});

test.for([
  ["rollback", "v11"],
  ["resources", "restore", "db", "db.dump"],
])("without a terminal %s %s wants --yes, and changes nothing", async (line) => {
  await using here = await app();
  const called = await here.answers();

  const { code, stderr } = await douze(line, { in: here.folder, input: "y\n" });

  expect(code).toBe(1);
  expect(stderr).toContain("code: not-confirmed");
  expect(called.map(({ name }) => name)).toEqual(line[0] === "rollback" ? ["rollbackPreview"] : []);
});

test.for([
  [["config", "set", "hunter2"], "assignment-invalid"],
  [["config", "set", "1A=hunter2"], "assignment-invalid"],
  [["config", "set"], "assignment-invalid"],
  [["config", "set", "--from-file", "A=absent"], "assignment-invalid"],
  [["config", "import", "absent.env"], "assignment-invalid"],
  [["scale", "web"], "scale-invalid"],
  [["scale", "web=-1"], "scale-invalid"],
  [["logs", "--since", "yesterday"], "time-invalid"],
  [["releases", "show", "latest"], "name-invalid"],
  [["promote", "../x", "production"], "name-invalid"],
] as const)("%j: %s, and the engine is not asked", async ([line, code]) => {
  await using here = await app();
  const called = await here.answers();

  const ended = await douze(line, { in: here.folder });

  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toContain(`code: ${code}`);
  expect(ended.stderr).not.toContain("hunter2");
  expect(called).toEqual([]);
});

test("values come from files and from standard input byte for byte", async () => {
  await using here = await app();
  const called = await here.answers();
  const value = '-----BEGIN\r\n"quoted" $x \\ \u001b[31m\n\n';
  await writeFile(join(here.folder, "cert.pem"), value);

  await douze(["config", "set", "--from-file", "CERT=cert.pem", "--from-file", "KEY=-", "PLAIN=a b"], {
    in: here.folder,
    input: `${value}é`,
  });

  expect(called[0]?.given).toEqual([{ set: { PLAIN: "a b", CERT: value, KEY: `${value}é` }, unset: [], by }]);
});

test("bytes that no variable can carry are refused", async () => {
  await using here = await app();
  await here.answers();
  await writeFile(join(here.folder, "key.bin"), Buffer.from([0x68, 0xff, 0x00]));

  const { code, stderr } = await douze(["config", "set", "--from-file", "KEY=key.bin"], { in: here.folder });

  expect(code).toBe(1);
  expect(stderr).toContain("no UTF-8");
});

test("a .env file is imported in one release", async () => {
  await using here = await app();
  const called = await here.answers();

  await douze(["config", "import", "-"], { in: here.folder, input: "# old\nexport A=1\nB='two words'\n" });

  expect(called[0]?.given).toEqual([{ set: { A: "1", B: "two words" }, unset: [], by }]);
});

test("config edit sets what was changed and unsets what was taken out; what was left alone stays as it was, byte for byte", async () => {
  await using here = await app();
  const nasty = 'a\r\n"b" \\n $HOME \u0007 `x`';
  const view = (key: string, value: string) => ({ ...fixed.greeting, key, value });
  const called = await here.answers({
    config: async () => [
      view("KEPT", nasty),
      view("CHANGED", "before"),
      view("GONE", "x"),
      { ...fixed.greeting, key: "BELOW", from: "manifest" },
    ],
  });
  const editor = join(here.folder, "editor.sh");
  await writeFile(editor, '#!/bin/sh\ncp "$1" seen.env\nsed -e \'s/^CHANGED=.*/CHANGED="after"/\' -e \'/^GONE=/d\' seen.env > "$1"\n');
  await chmod(editor, 0o755);

  const { code, stderr } = await douze(["config", "edit"], { in: here.folder, env: { EDITOR: "./editor.sh" } });

  expect({ code, stderr: stderr.includes("problem") }).toEqual({ code: 0, stderr: false });
  expect(called).toEqual([{ name: "changeConfig", given: [{ set: { CHANGED: "after" }, unset: ["GONE"], by }] }]);
  expect(await readFile(join(here.folder, "seen.env"), "utf8")).not.toContain("BELOW");
});

test("an editor that fails changes nothing", async () => {
  await using here = await app();
  const called = await here.answers();

  const { code, stderr } = await douze(["config", "edit"], { in: here.folder, env: { EDITOR: "false" } });

  expect(code).toBe(1);
  expect(stderr).toContain("code: editor-failed");
  expect(called.map(({ name }) => name)).toEqual(["config"]);
});

test("a secret is never shown: get says so and fails", async () => {
  await using here = await app();
  const { value: _, ...secret } = { ...fixed.greeting, secret: true };
  await here.answers({
    configKey: async (key) => ({ key, current: secret, layers: [], type: "string", required: true }),
    config: async () => [secret],
  });

  expect(await douze(["config", "get", "TOKEN"], { in: here.folder })).toEqual({
    code: 1,
    stdout: "",
    stderr: "TOKEN is secret: its value is not shown\n",
  });
  expect((await douze(["config"], { in: here.folder })).stdout).toContain("(secret)");
});

test("a URL with a password may come from standard input", async () => {
  await using here = await app();
  const called = await here.answers();

  await douze(["attach", "db", "-"], { in: here.folder, input: "postgres://u:p@h/db\n" });

  expect(called[0]?.given).toEqual([{ resource: "db", by, url: "postgres://u:p@h/db" }]);
});

test("what others wrote cannot colour the terminal or move its cursor", async () => {
  await using here = await app();
  await here.answers({ processes: async () => [{ ...fixed.web, command: "node \u001b[31m\u001b]0;x\u0007\n\u009b2J" }] });

  const { stdout } = await douze(["ps"], { in: here.folder });

  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(stdout.split("\n")).toHaveLength(3);
});

test("open prints the address", async () => {
  await using here = await app();
  await here.answers();

  const { code, stdout } = await douze(["open", "/admin"], { in: here.folder, env: { PATH: "/nonexistent" } });

  expect({ code, stdout }).toEqual({ code: 0, stdout: "http://127.0.0.1:5000/admin\n" });
});

test("every command has help with examples", async () => {
  const program = await wholeProgram();
  const lacking: string[] = [];
  for (const command of program.commands) {
    for (const each of [command, ...command.commands]) {
      let text = "";
      const writeOut = (part: string): void => {
        text += part;
      };
      each.configureOutput({ writeOut }).outputHelp();
      if (each.name() !== "help" && !text.includes("Examples:\n  $ ")) lacking.push(`${command.name()} ${each.name()}`);
    }
  }
  expect(lacking).toEqual([]);
});

async function asJson([name = "", ...rest]: readonly string[]): Promise<unknown> {
  await using here = await app();
  await here.answers();
  const { stdout } = await douze([name, "--json", ...rest], { in: here.folder });
  return JSON.parse(stdout);
}

/** Without how long ago things happened, which differs from run to run and moves what follows. */
function ageless(text: string): string {
  return text
    .replace(/ +/g, " ")
    .replace(/ \d+[smhd](?= |$)/gm, " <age>")
    .replace(/\(\d+[smhd] ago\)/g, "(<age> ago)");
}

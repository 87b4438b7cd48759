// Does with each instrument of the sandbox what it is for, and what it must not show, and prints what was seen as JSON. A program of its
// own, so that it can be run as anybody: `node --conditions=douze-source packages/lab/test/support/primitives.ts`
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Manifest, manifestFromFiles } from "@douze/core";
import type { Store } from "../../src/engines/engine.ts";
import type { SubjectBuild } from "../../src/model/subject.ts";
import type { TimelineEvent } from "../../src/model/timeline.ts";
import { Cell } from "../../src/sandbox/cell.ts";
import { probeSandbox } from "../../src/sandbox/probe.ts";
import { Sandbox, type Started, type StartOptions } from "../../src/sandbox/sandbox.ts";
import { Service } from "../../src/sandbox/service.ts";
import type { Tools } from "../../src/sandbox/tools.ts";
import { lives } from "../../src/sandbox/tree.ts";
import { writtenText } from "../../src/sandbox/write-ledger.ts";

/** A place of its own for one primitive. */
interface Place extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly cell: Cell;
  readonly folder: string;
  readonly tree: string;
  readonly timeline: readonly TimelineEvent[];
  /** Runs a command to its end. */
  run(command: string, options?: StartOptions): Promise<Started>;
  /** What a command printed on its standard output. */
  said(command: string, options?: StartOptions): Promise<string>;
}

const patienceMs = 20_000;
const home = dirname(dirname(process.execPath));

async function makePlace(
  tools: Tools,
  files: Readonly<Record<string, string>> = {},
  services: readonly Service[] = [],
  cell?: Cell,
): Promise<Place> {
  const rest = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "douze-lab-test-"));
  rest.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const tree = join(folder, "tree");
  await mkdir(tree);
  for (const [name, text] of Object.entries(files)) await writeFile(join(tree, name), text);
  const own = cell ?? rest.use(await Cell.open(tools));
  const timeline: TimelineEvent[] = [];
  const build: SubjectBuild = {
    tree,
    digest: "sha256:0",
    dirty: false,
    language: "node",
    env: {},
    path: [],
    runtimes: [join(home, "bin")],
    seen: home.startsWith("/usr") ? [] : [home],
  };
  const subject = {
    app: "test",
    directory: tree,
    manifest: manifestFromFiles({ Procfile: "web: node web.js" }, "test") as Manifest,
    processes: [{ type: "web", command: "node web.js", declared: "node web.js", from: "Procfile", routed: true }],
    variables: [{ name: "GREETING", secret: false, required: true, value: "hello", from: "Procfile" }],
    services: [],
    hints: { http: [], allowWrite: [] },
  };
  const tell = (event: TimelineEvent): void => void timeline.push(event);
  const sandbox = rest.use(await Sandbox.open({ tools, cell: own, folder, subject, build, services, firstPort: 21_000, tell }));
  const run = async (command: string, options: StartOptions = {}): Promise<Started> => {
    const started = await sandbox.start("web", { ...options, command });
    await started.process.until(() => started.process.end !== undefined, patienceMs);
    return started;
  };
  return {
    sandbox,
    cell: own,
    folder,
    tree,
    timeline,
    run,
    said: async (command, options) => {
      const { process: done } = await run(`${command}; echo "✓"`, options);
      await done.until(() => done.text.includes("✓"), patienceMs);
      return done.lines
        .map(({ text }) => text)
        .filter((text) => text !== "✓")
        .join("\n");
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

async function listening(server: Server, at: { port: number; host: string } | { path: string }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(at, resolve);
  await promise;
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}

const primitives: Readonly<Record<string, (tools: Tools) => Promise<unknown>>> = {
  async cell(tools) {
    await using cell = await Cell.open(tools);
    const listeners = await cell.order("listeners", undefined);
    const failed = await Cell.open({ ...tools, unshare: "/bin/false" }).then(
      () => "opened",
      (error: Error) => error.message,
    );
    const unknown = await cell.order("traffic", { proxy: "none" }).catch((error: Error) => error.message);
    return { sinkListens: listeners.some(({ port }) => port === 5432), withoutNamespaces: failed, unknownProxy: unknown };
  },

  async world(tools) {
    await using place = await makePlace(tools, { "a.txt": "tree" });
    const outside = join(place.folder, "outside.txt");
    await writeFile(outside, "outside");
    return {
      tree: await place.said("cat /app/a.txt; pwd"),
      outside: await place.said(`cat ${outside} 2>/dev/null || echo absent`),
      // A runtime that lies in /tmp is seen there.
      temporary: await place.said(`ls -A --ignore='${home.startsWith("/tmp/") ? home.split("/")[2] : ""}' /tmp /home/app`),
      environment: (await place.said("env | cut -d= -f1 | sort")).split("\n"),
      interfaces: await place.said("cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '"),
    };
  },

  async ledger(tools) {
    await using place = await makePlace(tools, { "kept.txt": "1", "deleted.txt": "1", "changed.txt": "1" });
    const wrote = await place.run(
      "echo more >>changed.txt; rm deleted.txt; mkdir made; echo x >made/new.txt; ln -s new.txt made/link; echo t >/tmp/t; echo e >/etc/douze-test; echo l >/var/log/app.log; echo done",
    );
    const read = await place.run("cat kept.txt changed.txt >/dev/null; ls /etc /usr >/dev/null; echo done");
    const ledger = await wrote.disk.ledger();
    return {
      wrote: ledger.map(({ path, kind, bytes }) => `${path} ${kind} ${bytes}`),
      read: await read.disk.ledger(),
      text: await writtenText(wrote.disk.folder, "/app/changed.txt", 100),
      short: await writtenText(wrote.disk.folder, "/var/log/app.log", 1),
      gone: (await writtenText(wrote.disk.folder, "/app/never.txt", 100)) ?? null,
      // Nothing of it came out.
      tree: (await readdir(place.tree)).toSorted(),
      changed: await readFile(join(place.tree, "changed.txt"), "utf8"),
      etc: existsSync("/etc/douze-test"),
    };
  },

  async readonly(tools) {
    await using place = await makePlace(tools);
    const command = "(echo x >/app/x) 2>/dev/null && echo written || echo refused; echo x >/tmp/x && echo tmp";
    return { readonly: await place.said(command, { readonly: true }), control: await place.said(command) };
  },

  async hidden(tools) {
    await using place = await makePlace(tools, { "tool.sh": "" });
    // Of the system, by a folder that may be a link, of a runtime's folder, and of the app.
    const command = `command -v cksum || echo none; [ ! -e ${process.execPath} ] || echo node; ls /app; echo still: $(command -v cat)`;
    const hidden = ["/bin/cksum", "/usr/bin/cksum", process.execPath, "/app/tool.sh", "/no/such/tool"];
    return { hidden: await place.said(command, { hidden }), control: (await place.said(command)).split("\n").length };
  },

  async disk(tools) {
    await using place = await makePlace(tools);
    const first = await place.run("echo kept >/tmp/note; echo kept >/app/note; echo done");
    await first.process[Symbol.asyncDispose]();
    const folder = first.disk.folder;
    const again = await place.said("cat /tmp/note /app/note", { disk: first.disk });
    const other = await place.said("cat /tmp/note /app/note 2>/dev/null || echo empty");
    await place[Symbol.asyncDispose]();
    return { again, other, left: existsSync(folder) };
  },

  async beside(tools) {
    await using place = await makePlace(tools);
    const first = await place.sandbox.start("web", { command: "echo here >/tmp/note; echo ready; exec sleep 300" });
    await first.process.until(() => first.process.text.includes("ready"), patienceMs);
    return {
      beside: await place.said("cat /tmp/note 2>/dev/null || echo alone", { beside: first }),
      control: await place.said("cat /tmp/note 2>/dev/null || echo alone"),
      lives: first.process.root !== undefined,
    };
  },

  async terminal(tools) {
    await using place = await makePlace(tools);
    const command = "test -t 1 && echo terminal || echo pipe";
    const control = await place.said(command);
    return { terminal: tools.script === undefined ? "terminal" : await place.said(command, { terminal: true }), control };
  },

  async ends(tools) {
    await using place = await makePlace(tools);
    const status = async (command: string, options: StartOptions = {}): Promise<number | undefined> =>
      (await place.run(command, options)).process.end?.status;
    const killed = await place.sandbox.start("web", { command: "echo up; exec sleep 300" });
    await killed.process.until(() => killed.process.text.includes("up"), patienceMs);
    killed.process.signal("root", "SIGKILL");
    await killed.process.until(() => killed.process.end !== undefined, patienceMs);
    return {
      zero: await status("exit 0"),
      three: await status("exit 3"),
      traced: await status("exit 3", { traced: true }),
      first: await status("exit 3", { isFirst: true }),
      killed: killed.process.end?.status,
      missing: await status("/no/such/program"),
      timeline: place.timeline.filter(({ who }) => who === killed.process.name).map(({ what }) => what),
    };
  },

  async signals(tools) {
    await using place = await makePlace(tools);
    // A shell that passes nothing on, above a child that would hear it.
    const command = "sh -c 'trap \"echo child heard; exit 0\" TERM; echo up; while :; do sleep 0.05; done'; echo parent went on; exit 0";
    const reached = async (model: "root" | "all", options: StartOptions = {}): Promise<readonly string[]> => {
      const { process: tried } = await place.sandbox.start("web", { ...options, command: `trap '' USR1; ${command}` });
      await tried.until(() => tried.text.includes("up"), patienceMs);
      tried.signal(model, "SIGTERM");
      // The child may say so after its parent has ended.
      await tried.until(() => tried.text.includes("heard"), model === "all" ? patienceMs : 1_000);
      return tried.lines.map(({ text }) => text);
    };
    const number = (options: StartOptions): Promise<string> => place.said("echo $$", options);
    return {
      root: (await reached("root")).includes("child heard"),
      all: (await reached("all")).includes("child heard"),
      first: await number({ isFirst: true }),
      notFirst: (await number({})) === "1",
    };
  },

  async orphans(tools) {
    await using place = await makePlace(tools);
    const daemon = await place.run("setsid sleep 300 >/dev/null 2>&1 & echo started; exit 0");
    await daemon.process.until(() => daemon.process.tree.length > 0, patienceMs);
    const [left] = daemon.process.tree;
    const gone = await daemon.process.gone(100);
    const control = await (await place.run("echo alone")).process.gone(patienceMs);
    await daemon.process[Symbol.asyncDispose]();
    return {
      left: left?.name,
      gone: gone === undefined,
      control: control !== undefined,
      after: left !== undefined && lives(left.pid),
    };
  },

  async trace(tools) {
    await using place = await makePlace(tools, { "data.txt": "x" });
    const command = "/bin/echo traced >/tmp/out; cat data.txt never.txt 2>/dev/null; echo done";
    const traced = await (await place.run(command, { traced: true })).process.trace();
    const control = await (await place.run(command)).process.trace();
    const opened = (path: string): unknown => traced.opens.find((each) => each.path === path);
    return {
      programs: [...new Set(traced.execs.map(({ program }) => program))].filter((program) => program.endsWith("/echo")),
      arguments: traced.execs.find(({ program }) => program.endsWith("/echo"))?.arguments,
      read: opened("data.txt"),
      missing: opened("never.txt"),
      written: opened("/tmp/out"),
      control,
    };
  },

  async egress(tools) {
    const server = createServer((socket) => socket.destroy());
    let seen = 0;
    server.on("connection", () => seen++);
    const port = await listening(server, { port: 0, host: "127.0.0.1" });
    const program = `const net = require("node:net");
const words = { postgres: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]), http: "GET / HTTP/1.1\\r\\nHost: api.acme.test\\r\\n\\r\\n" };
let left = 0;
for (const [host, port, word] of JSON.parse(process.argv[2])) {
  left++;
  const socket = net.connect({ host, port }, () => { console.log("connected", port); socket.write(words[word] ?? word) });
  socket.on("error", (error) => console.log(error.code, port));
  socket.on("close", () => { if (--left === 0) console.log("done") });
}`;
    await using place = await makePlace(tools, { "ask.js": program });
    const ask = async (list: readonly (readonly [string, number, string])[]): Promise<string[]> => {
      const said = await place.said(`node ask.js '${JSON.stringify(list)}'`);
      return said.split("\n").toSorted();
    };
    const nobody = await place.said("echo quiet");
    const control = await place.sandbox.egress();
    const said = await ask([
      ["db.acme.test", 5432, "postgres"],
      ["api.acme.test", 80, "http"],
      ["127.0.0.1", 6379, "PING\r\n"],
      ["203.0.113.7", 81, "x"],
    ]);
    const host = await ask([["127.0.0.1", port, "x"]]);
    const inside = seen;
    const own = connect({ host: "127.0.0.1", port });
    await new Promise((resolve) => own.on("close", resolve).on("error", () => undefined));
    await closed(server);
    const egress = (await place.sandbox.egress()).map(({ host: asked, port: at, protocol }) =>
      [asked, at, protocol].filter((each) => each !== undefined).join(" "),
    );
    return {
      nobody,
      control,
      said,
      egress: egress.toSorted(),
      host: host.map((line) => line.replace(String(port), "port")),
      reachedFromInside: inside,
      reachedFromHere: seen,
    };
  },

  async proxy(tools) {
    const folder = await mkdtemp(join(tmpdir(), "douze-lab-echo-"));
    const server = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
    const socket = join(folder, "echo.sock");
    await listening(server, { path: socket });
    const store: Store = {
      socket,
      port: 7000,
      url: (host) => `tcp://${host}:7000`,
      holds: async () => false,
      [Symbol.asyncDispose]: async () => undefined,
    };
    const once = `const net = require("node:net");
const began = performance.now();
const tell = (what) => { console.log(JSON.stringify({ what, tookMs: performance.now() - began })); process.exit() };
const socket = net.connect({ host: "echo.douze.test", port: 7000 }, () => socket.write(process.argv[2]));
socket.on("data", (text) => tell(String(text))).on("error", ({ code }) => tell(code)).setTimeout(Number(process.argv[3]), () => tell("silence"));`;
    const hold = `const net = require("node:net");
const socket = net.connect({ host: "echo.douze.test", port: 7000 }, () => socket.write("held"));
socket.on("data", (text) => console.log(String(text))).on("error", ({ code }) => console.log(code)).on("close", () => console.log("closed"));`;
    try {
      await using cell = await Cell.open(tools);
      const need = { name: "echo", type: "tcp", variable: "ECHO_URL", required: true, from: "test" } as const;
      const events: TimelineEvent[] = [];
      const at = { host: "echo.douze.test", address: "10.99.0.1" };
      const service = await Service.open(cell, need, store, at, (event) => void events.push(event));
      await using place = await makePlace(tools, { "once.js": once, "hold.js": hold }, [service], cell);
      const say = async (word: string, patience = 5_000): Promise<{ what: string; tookMs: number }> =>
        JSON.parse(await place.said(`node once.js ${word} ${patience}`)) as { what: string; tookMs: number };
      const plain = await say("plain");
      const before = await service.traffic();
      await service.fault({ mode: "latency", ms: 800 });
      const late = await say("late");
      await service.fault({ mode: "silent" });
      const silent = await say("silent", 600);
      await service.fault({ mode: "pass" });
      const { process: held } = await place.sandbox.start("web", { command: "node hold.js" });
      await held.until(() => held.text.includes("held"), patienceMs);
      await service.fault({ mode: "cut" });
      await held.until(() => held.text.includes("closed"), patienceMs);
      const refused = await say("refused");
      await service.fault({ mode: "pass" });
      const again = await say("again");
      const heard = (await service.heard()).map((sent) => sent.toString("latin1"));
      const after = await service.traffic();
      return {
        variable: await place.said("echo $ECHO_URL"),
        said: [plain, late, silent, refused, again].map(({ what }) => what),
        lateBy: late.tookMs >= 800,
        plainBy: plain.tookMs < 800,
        held: held.lines.map(({ text }) => text),
        heard: ["plain", "late", "silent", "held", "again"].filter((word) => heard.includes(word)),
        unheard: heard.includes("refused"),
        traffic: [before.connections, after.connections, before.bytesToService, after.bytesToService - before.bytesToService],
        lookedUp: (await place.sandbox.egress()).length,
        timeline: events.map(({ what }) => what),
      };
    } finally {
      await closed(server);
      await rm(folder, { recursive: true });
    }
  },

  async requests(tools) {
    const web = `const http = require("node:http");
http.createServer((request, response) => setTimeout(() => response.end(request.url + " " + request.method), request.url === "/slow" ? 700 : 0))
  .listen(process.env.PORT, process.env.HOST, () => console.log("up"));`;
    await using place = await makePlace(tools, { "web.js": web });
    const { sandbox } = place;
    const { process: app, port } = await sandbox.start("web");
    await app.until(() => app.text.includes("up"), patienceMs);
    const answer = await sandbox.ask({ port, path: "/a", body: "x" });
    const other = await sandbox.ask({ port, address: "198.51.100.9", path: "/b" });
    const nobody = await sandbox.ask({ port: 19_999, path: "/" });
    const impatient = await sandbox.ask({ port, path: "/slow", timeoutMs: 100 });
    const listens = (await sandbox.listeners()).some((each) => each.port === port);
    const load = {
      port,
      paths: ["/slow"],
      clients: 4,
      keepAlive: true,
      pauseMs: 10,
      staggerMs: 5,
      timeoutMs: 5_000,
      reuseAfterSignal: false,
    };
    const strike = { signal: "SIGTERM", atLeast: 3, youngMs: [50, 600], patienceMs: 5_000, pids: app.targets("root") } as const;
    const nowhere = await sandbox.load({ ...load, port: 19_999 });
    const missed = await sandbox.strike({ ...strike, pids: [], load: nowhere, patienceMs: 300 });
    const refused = await sandbox.unload(nowhere, 1_000);
    const undisturbed = await sandbox.load({ ...load, clients: 2 });
    await sandbox.strike({ ...strike, pids: [], load: undisturbed, atLeast: 2 });
    const whole = await sandbox.unload(undisturbed, 5_000);
    const number = await sandbox.load(load);
    const struck = await sandbox.strike({ ...strike, load: number });
    await app.until(() => app.end !== undefined, patienceMs);
    const records = await sandbox.unload(number, 2_000);
    const cut = records.filter(({ atSignal, failed }) => atSignal === "read" && failed !== undefined);
    return {
      answer: answer.ok && [answer.status, answer.body],
      everyAddress: other.ok && other.body,
      nobody: nobody.ok ? "answered" : nobody.error,
      impatient: impatient.ok ? "answered" : impatient.error,
      listens,
      missed,
      refused: [...new Set(refused.map(({ failed }) => failed))],
      whole: whole.length > 0 && whole.every(({ failed, status }) => failed === undefined && status === 200),
      struck: struck.struck && struck.read >= 3,
      cut: cut.length >= 3,
      ended: app.end?.status,
    };
  },
};

const timed = ["proxy", "requests"];

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "douze-lab-probe-"));
  const seen: Record<string, unknown> = {};
  try {
    const probe = await probeSandbox(folder);
    if (probe.there) {
      const { tools } = probe;
      const one = async (name: string): Promise<void> => {
        seen[name] = await primitives[name]?.(tools);
      };
      // Sandboxes do not know of each other; those that measure time have the machine for themselves.
      await Promise.all(
        Object.keys(primitives)
          .filter((name) => !timed.includes(name))
          .map(one),
      );
      for (const name of timed) await one(name);
    }
    console.log(JSON.stringify({ probe, user: process.getuid?.(), seen }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();

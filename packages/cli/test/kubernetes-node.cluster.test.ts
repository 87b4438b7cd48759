import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Backing } from "../../app/test/support/servers.ts";
import { hasRegistry, Registry } from "../../build/test/support/registry.ts";
import { kinds } from "../../kubernetes/src/api/kinds.ts";
import { clusterMissing, TestCluster } from "../../kubernetes/test/support/cluster.ts";
import { bridgeAddress, nodeMissing, RealNode } from "../../kubernetes/test/support/node.ts";
import { type Ended, start } from "./support/douze.ts";
import { serviceLoad } from "./support/service-load.ts";
import { noTerminal, startInTerminal } from "./support/terminal.ts";
import { surroundings } from "./support/up.ts";

const missing = clusterMissing() ?? nodeMissing() ?? (hasRegistry ? undefined : "there is no registry");
if (missing !== undefined) console.log(`skipped: ${missing}`);

const namespace = "hola-production";
const stack = new AsyncDisposableStack();
let cluster: TestCluster;
let folder = "";
let address = "";
/** Why no node came up, where none did. */
let unusable: string | undefined;

/** hola, as it lies in examples, on a machine that really runs it. */
beforeAll(async () => {
  if (missing !== undefined) return;
  cluster = stack.use(await TestCluster.start(false));
  try {
    stack.use(await RealNode.start(cluster));
  } catch (error) {
    unusable = `no real node comes up here: ${(error as Error).message}`;
    console.log(`skipped: ${unusable}`);
    return;
  }
  const registry = stack.use(await Registry.start());
  const database = new URL(stack.use(await Backing.start("postgres")).url);
  const forward = stack.use(await forwarder(Number(database.port), database.hostname));
  folder = await realpath(await mkdtemp(join(tmpdir(), "douze-hola-")));
  stack.defer(async () => {
    execFileSync("chmod", ["-R", "u+w", folder]);
    await rm(folder, { recursive: true, force: true });
  });
  const hola = new URL("../../../examples/hola", import.meta.url);
  await cp(hola, folder, {
    recursive: true,
    filter: (path) => !/\/(\.douze|node_modules|dist)(\/|$)/.test(path.slice(hola.pathname.length)),
  });
  database.hostname = bridgeAddress;
  database.port = String(forward.port);
  await writeFile(
    join(folder, "inventory/production.yaml"),
    `target:
  kind: kubernetes
  image: ${registry.host}/hola
  manageNamespace: true
  minReady: 1s
  linger: 3s
attachments:
  db: "${database.href}"
`,
  );
  commit("one");
  expect((await douze("cluster", "init")).code).toBe(0);
  expect((await douze("deploy")).stdout).toContain("v1 current");
  using api = cluster.connect();
  const service = await api.get<{ spec: { clusterIP: string } }>(kinds.service, namespace, "hola-web");
  address = service?.spec.clusterIP ?? "";
  // The rules for a Service that is new come after its pods.
  await vi.waitFor(async () => expect((await fetch(`http://${address}/livez`)).ok).toBe(true), { timeout: 60_000, interval: 200 });
});

afterAll(async () => await stack.disposeAsync());

onNode("hola serves, and its release task, worker and clock do their work", async () => {
  const state = async () =>
    (await (await fetch(`http://${address}/state`)).json()) as { release: string; done: number; ticked: string | null };
  expect(await state()).toMatchObject({ release: "v1" });
  await fetch(`http://${address}/jobs`, { method: "POST", redirect: "manual" });
  await expect.poll(async () => (await state()).done, { timeout: 30_000 }).toBe(1);
  await expect.poll(async () => (await state()).ticked, { timeout: 30_000 }).not.toBeNull();
  const logs = await douze("logs", "-n", "1000");
  expect(logs.stdout).toMatch(/release\.1 .*the schema is up to date/);
  expect(logs.stdout).toMatch(/worker\.1 .*job done/);
});

onNode("a live value reaches processes that run, at once", async () => {
  const page = async (): Promise<string> => await (await fetch(`http://${address}/`)).text();
  expect(await page()).toContain("¡Hola, mundo!");
  expect((await douze("config", "set", "GREETING=¡Buenas noches!")).stdout).toContain("with no release");
  await expect.poll(page, { timeout: 20_000 }).toContain("¡Buenas noches!");
});

onNode("releases and rollbacks under load lose no request", async () => {
  const load = serviceLoad(address, "/state", (body) => (JSON.parse(body) as { release: string }).release);
  for (const colour of ["#111111", "#222222"]) {
    expect((await douze("config", "set", `ACCENT=${colour}`)).code).toBe(0);
    expect((await douze("rollback", "--yes")).code).toBe(0);
  }
  commit("another");
  expect((await douze("deploy")).code).toBe(0);
  const { ok, failed, releases } = await load.stop();
  expect(failed).toEqual({});
  expect([...releases].sort()).toEqual(["v1", "v2", "v3", "v4", "v5", "v6"]);
  expect(ok).toBeGreaterThan(1000);
});

onNode("a log that is followed goes on with processes that are new", async () => {
  await using following = start(["--env", "production", "logs", "-f", "-n", "1", "-p", "web"], {
    in: folder,
    env: { ...surroundings, KUBECONFIG: cluster.kubeconfig },
  });
  await following.lines("20", 1);
  expect((await douze("restart", "web")).code).toBe(0);
  // The last line that was stored, and what each of the two new ones says when it begins.
  await following.lines("20", 3);
  following.child.kill("SIGINT");
  const { stdout } = await following.ended;
  const lines = stdout.trimEnd().split("\n");
  expect(new Set(lines).size).toBe(lines.length);
});

onNode("a one-off runs in the release, and its exit status is its own", async () => {
  expect(await douze("run", "--", "node app.ts tidy && exit 7")).toMatchObject({
    code: 7,
    stdout: expect.stringContaining("old ticks removed") as string,
  });
  const { stdout } = await douze("run", "--", "id -u; test -w /app || echo read-only; echo $DOUZE_RELEASE $DOUZE_PROCESS");
  expect(stdout).toMatch(/^10001\nread-only\nv6 run\.[0-9a-f]{6}\n$/);
});

onNode("a shell of the release has this terminal and its exit status, and keeps nobody from releasing", async () => {
  if (noTerminal !== undefined) throw new Error(noTerminal);
  const env = { ...surroundings, KUBECONFIG: cluster.kubeconfig };
  await using shell = startInTerminal(["--env", "production", "run", "--", "sh"], { in: folder, env });
  await shell.printed("$ ");
  shell.type("echo on $DOUZE_RELEASE; test -t 0 && echo terminal $((40 + 2))\r");
  await shell.printed("terminal 42");
  // It holds no lock.
  expect((await douze("scale", "clock=1")).code).toBe(0);
  shell.type("exit 9\r");
  const { code, stdout } = await shell.ended;
  expect(code).toBe(9);
  expect(stdout).toMatch(/^on v\d+\r/m);
  using api = cluster.connect();
  const run = /run\.[0-9a-f]{6}/.exec(stdout)?.[0].replace(".", "-") ?? "";
  const left = await api.list(kinds.job, namespace, "app.kubernetes.io/component=one-off");
  expect(left.items.map(({ metadata }) => metadata.name).filter((name) => name.includes(run))).toEqual([]);

  await using prompt = startInTerminal(["--env", "production", "console"], { in: folder, env });
  await prompt.printed("> ");
  prompt.type("1 + 41\r");
  await prompt.printed("42");
  prompt.type(".exit\r");
  expect((await prompt.ended).code).toBe(0);
});

onNode("a program that does nothing about SIGTERM ends by it, as on one machine", async () => {
  const manifest = join(folder, "douze.yaml");
  await writeFile(
    manifest,
    (await readFile(manifest, "utf8")).replace("  clock: node app.ts clock\n", "  clock: node app.ts clock\n  idle: sleep 3600\n"),
  );
  commit("idle");
  expect((await douze("deploy")).code).toBe(0);
  using api = cluster.connect();
  const idle = async (): Promise<number> => (await api.list(kinds.pod, namespace, "app.kubernetes.io/instance=hola-idle")).items.length;
  expect(await idle()).toBe(1);
  const began = Date.now();
  expect((await douze("scale", "idle=0")).code).toBe(0);
  await expect.poll(idle, { timeout: 60_000 }).toBe(0);
  // Its grace is half a minute, and it needs none of it.
  expect(Date.now() - began).toBeLessThan(25_000);
});

function onNode(name: string, act: () => Promise<void>): void {
  test.skipIf(missing !== undefined)(name, async ({ skip }) => {
    skip(unusable !== undefined, unusable);
    await act();
  });
}

function commit(name: string): void {
  const git = (...words: string[]): void =>
    void execFileSync("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", ...words], { cwd: folder });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "--allow-empty", "-m", name);
}

async function douze(...words: string[]): Promise<Ended> {
  await using running = start(["--env", "production", ...words], { in: folder, env: { ...surroundings, KUBECONFIG: cluster.kubeconfig } });
  const ended = await running.ended;
  if (ended.code !== 0 && !words.includes("run")) console.log(words.join(" "), ended);
  return ended;
}

/** What pods reach of this machine's own server. */
async function forwarder(port: number, host: string): Promise<AsyncDisposable & { readonly port: number }> {
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    client.pipe(upstream).pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  }).listen(0, bridgeAddress);
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return {
    port: (server.address() as { readonly port: number }).port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView } from "@douze/engine";
import { openPort } from "@douze/local";
import { expect, test } from "vitest";
import { freePort } from "../../local/test/support/free-port.ts";
import { douze, line, startProgram } from "./support/douze.ts";
import { load } from "./support/load.ts";
import { onlyChild, Served } from "./support/serve.ts";
import { AppFolder, isAlive } from "./support/up.ts";

const fixture = join(import.meta.dirname, "fixtures/load");

async function appCalled(name: string): Promise<AppFolder> {
  const app = await AppFolder.copyOf(fixture);
  const text = await readFile(join(app.folder, "douze.yaml"), "utf8");
  await writeFile(join(app.folder, "douze.yaml"), text.replace("app: load", `app: ${name}`));
  return app;
}

/** Without fetch, which lets nobody choose the Host. */
async function get(port: number, host: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1").setEncoding("utf8");
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = "";
  socket.on("data", (part: string) => {
    text += part;
  });
  await once(socket, "close");
  return text.replace(/^[\s\S]*?\r\n\r\n/, "");
}

test("several apps share a port by host name, and one of them can be stopped by itself", async () => {
  const [shop, blog] = [await appCalled("shop"), await appCalled("blog")];
  await using served = await Served.start(shop, [shop.folder, blog.folder]);
  await shop.ask("deploy");
  await blog.ask("deploy");
  await blog.ask("deploy", "--set", "TEXT=second");
  expect(await get(served.port, "shop.localhost")).toBe("v1");
  expect(await get(served.port, "blog.localhost")).toBe("v2");
  expect(await get(served.port, "other.localhost")).toContain("no app has this host name");
  expect((await shop.run("ps", "--why")).stdout).toContain("web.1 gets requests through the router: several apps share the port");
  expect((await shop.run("stop")).code).toBe(0);
  // It is stopping: asked again until it is gone.
  while (!(await get(served.port, "shop.localhost")).includes("no app has this host name"))
    expect(await get(served.port, "blog.localhost")).toBe("v2");
  expect(await get(served.port, "blog.localhost")).toBe("v2");
  expect((await blog.run("stop")).code).toBe(0);
  expect((await served.running.ended).code).toBe(0);
});

test("on sockets that were handed over, its end leaves the apps, and the next engine takes them over", async () => {
  const app = await appCalled("shop");
  const port = await freePort();
  const XDG_RUNTIME_DIR = await mkdtemp(join(tmpdir(), "douze-rt-"));
  const socket = openPort("127.0.0.1", port, false);
  const script = 'for each in 1 2; do LISTEN_FDS=1 LISTEN_PID= "$@"; done';
  await using serving = startProgram("sh", ["-c", script, "manager", ...line, "serve"], {
    in: app.folder,
    env: { XDG_RUNTIME_DIR },
    fds: [socket.fd],
  });
  socket.close();
  await serving.printed("serving ");
  await app.ask("deploy");
  const pids = (await app.ask<ProcessView[]>("ps")).map(({ pid }) => pid);
  const clients = load(port, { keeping: 2, fresh: 1 });
  process.kill(await onlyChild(serving.child.pid ?? 0), "SIGTERM");
  await serving.lines("serving ", 2);
  expect((await app.ask<ProcessView[]>("ps")).map(({ pid }) => pid)).toEqual(pids);
  expect((await clients.stop()).failures).toEqual([]);
  expect((await app.run("stop")).code).toBe(0);
  expect((await serving.ended).code).toBe(0);
  expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
});

const activate = "/usr/bin/systemd-socket-activate";

test.skipIf(!existsSync(activate))("systemd's own activation starts it with the first connection, which is answered", async () => {
  const app = await appCalled("shop");
  const port = await freePort();
  const env = { XDG_RUNTIME_DIR: await mkdtemp(join(tmpdir(), "douze-rt-")) };
  await app.ask("deploy");
  const setenv = ["PATH", "HOME", "XDG_RUNTIME_DIR"].map((name) => `--setenv=${name}`);
  await using serving = startProgram(activate, [...setenv, "-l", `127.0.0.1:${port}`, ...line, "serve"], { in: app.folder, env });
  await once(serving.child.stderr ?? serving.child, "data");
  expect(await get(port, "localhost")).toBe("v1");
  expect((await app.run("stop")).code).toBe(0);
  expect((await serving.ended).code).toBe(0);
});

const canUnshare = spawnSync("unshare", ["-pf", "--mount-proc", "true"]).status === 0;

test.skipIf(!canUnshare)("as process 1 it takes leave of those whose parents have ended, and ends in order", async () => {
  const app = await appCalled("shop");
  await using served = await Served.start(app, [], ["unshare", "-pf", "--mount-proc", "--kill-child"]);
  await app.ask("deploy");
  const first = await onlyChild(served.running.child.pid ?? 0);
  const engine = await onlyChild(await onlyChild(first));
  process.kill(engine, "SIGKILL");
  await served.engines(2);
  const clients = load(served.port, { keeping: 1, fresh: 1 });
  await app.ask("deploy", "--set", "TEXT=second");
  expect((await clients.stop()).failures).toEqual([]);
  expect(await zombiesOf(first)).toEqual([]);
  process.kill(first, "SIGTERM");
  expect((await served.running.ended).code).toBe(0);
});

/** Those that are not taken leave of within the moment that process 1 leaves itself. */
async function zombiesOf(pid: number): Promise<number[]> {
  let zombies = await childrenOf(pid);
  const first = zombies;
  for (let looks = 0; looks < 1_000 && zombies.length > 0; looks++)
    zombies = (await childrenOf(pid)).filter((each) => first.includes(each));
  return zombies;
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  const states = await Promise.all(children.map(async (child) => await readFile(`/proc/${child}/stat`, "utf8").catch(() => "")));
  return children.filter((_, index) => states[index]?.includes(") Z "));
}

test("what stands in its way is told before anything has begun", async () => {
  const app = await appCalled("shop");
  await mkdir(join(app.folder, "inventory"));
  const serve = async (env: Record<string, string>): Promise<string> => {
    const { code, stderr } = await douze(["serve"], {
      in: app.folder,
      env: { XDG_RUNTIME_DIR: await mkdtemp(join(tmpdir(), "douze-rt-")), ...env },
    });
    expect(code).toBe(1);
    return /code: (\S+)/.exec(stderr)?.[1] ?? stderr;
  };
  expect(await serve({ PORT: "http" })).toBe("port-invalid");
  const other = net.createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as net.AddressInfo;
  expect(await serve({ PORT: String(port), HOST: "127.0.0.1" })).toBe("port-taken");
  other.close();
  expect(await serve({ LISTEN_FDS: "1" })).toBe("listen-fds-invalid");
  await writeFile(join(app.folder, "inventory/development.yaml"), "target: { port: none }\n");
  expect(await serve({})).toBe("inventory-invalid");
});

test("an inventory that names a port for which there is no socket leaves its app out, and says so", async () => {
  const [shop, blog] = [await appCalled("shop"), await appCalled("blog")];
  const port = await freePort();
  const socket = openPort("127.0.0.1", port, false);
  await mkdir(join(blog.folder, "inventory"));
  await writeFile(join(blog.folder, "inventory/development.yaml"), "target: { port: 9 }\n");
  await using serving = startProgram(line[0] ?? "", [...line.slice(1), "serve", "--on-stop", "stop", shop.folder, blog.folder], {
    in: shop.folder,
    env: { LISTEN_FDS: "1", LISTEN_PID: "", XDG_RUNTIME_DIR: await mkdtemp(join(tmpdir(), "douze-rt-")) },
    fds: [socket.fd],
  });
  socket.close();
  await serving.printed("serving shop development");
  serving.child.kill("SIGTERM");
  const { code, stderr } = await serving.ended;
  expect(code).toBe(0);
  expect(stderr).toContain("code: port-not-handed-over");
});

test("its units are such as systemd takes them", async () => {
  const app = await appCalled("shop");
  const folder = await mkdtemp(join(tmpdir(), "douze-unit-"));
  const { code, stdout } = await douze(["serve", "--unit", folder, "--env", "production"], { in: app.folder, env: { PORT: "8080" } });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder}/douze.service\n${folder}/douze.socket\n` });
  const [service, socket] = await Promise.all(["douze.service", "douze.socket"].map((name) => readFile(join(folder, name), "utf8")));
  expect(socket).toContain("ListenStream=8080\n");
  expect(service).toContain(`serve ${app.folder}\n`);
  expect(service).toContain("DOUZE_ENV=production");
  if (!existsSync("/usr/bin/systemd-analyze")) return;
  const verified = spawnSync("systemd-analyze", ["verify", join(folder, "douze.service"), join(folder, "douze.socket")], {
    encoding: "utf8",
  });
  // What older versions do not know yet, and say so: the unit says what it does there.
  const said = verified.stderr.split("\n").filter((text) => text.includes("douze.") && !text.includes("Unknown key"));
  expect(said).toEqual([]);
});

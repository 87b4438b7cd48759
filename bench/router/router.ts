// Requests per second through the router, beside the bare app (the limit) and nginx (a peer), in interleaved rounds of one run.
// `node --conditions=douze-source bench/router/router.ts [rounds]`; needs wrk, and nginx, haproxy and caddy for their rows.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as listenForBytes } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Router } from "@douze/local";
import { freePort } from "../../packages/local/test/support/free-port.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 5);
const seconds = 2;

if (process.argv[2] === "app") app();
else if (process.argv[2] === "bytes") passBytes(Number(process.argv[3]));
else await compare();

/** In a process of its own: it shares no core with the router but by the kernel's leave. */
function app(): void {
  const body = Buffer.from("hola, mundo\n");
  const server = createServer({ keepAliveTimeout: 95_000 }, (_request, response) =>
    response.writeHead(200, { "content-type": "text/plain" }).end(body),
  );
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}

/** What Node can do at most between two sockets: it passes on bytes and reads none of them. */
function passBytes(upstream: number): void {
  const server = listenForBytes({ noDelay: true }, (client) => {
    const upper = connect({ host: "127.0.0.1", port: upstream, noDelay: true });
    for (const [from, to] of [
      [client, upper],
      [upper, client],
    ] as const) {
      from.on("data", (piece: Buffer) => to.write(piece));
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
    }
  });
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}

/** This program in a process of its own. */
async function own(...words: readonly string[]): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, ["--conditions=douze-source", import.meta.filename, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(String(first).trim()),
    stop: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

async function compare(): Promise<void> {
  if (!(await installed("wrk"))) return console.log("wrk is not installed: nothing was measured");
  const bare = await own("app");
  const { port } = bare;
  await using router = await Router.listen({ host: "127.0.0.1", port: 0, onAccess: () => undefined });
  router.route({ app: "bench", hosts: [], fallback: true, targets: [{ name: "web.1", port }], maintenance: false });
  const peers: { readonly name: string; readonly port: number; readonly stop: () => Promise<void> }[] = [
    { name: "bytes, by Node", ...(await own("bytes", String(port))) },
  ];
  for (const [name, program, start] of [
    ["nginx, 1 worker", "nginx", startNginx],
    ["HAProxy, 1 thread", "haproxy", startHaproxy],
    ["Caddy", "caddy", startCaddy],
  ] as const) {
    if (await installed(program)) peers.push({ name, ...(await start(port)) });
    else console.log(`${program} is not installed: its row is missing`);
  }
  const contestants = new Map([["bare app", port], ["douze router", router.port], ...peers.map((peer) => [peer.name, peer.port] as const)]);
  const results = new Map([...contestants.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, at] of contestants) results.get(name)?.push(await load(at));
  }
  const limit = results.get("bare app") ?? [];
  console.log(
    `small answers, 64 kept connections, ${rounds} rounds of ${seconds} s; requests per second as a ratio to the bare app of the same round`,
  );
  for (const [name, list] of results) {
    const ratios = list.map((each, index) => each / (limit[index] ?? 1)).sort((a, b) => a - b);
    const [low, middle, high] = [ratios[0], ratios[Math.floor(ratios.length / 2)], ratios.at(-1)].map((ratio) => (ratio ?? 0).toFixed(2));
    console.log(`${name.padEnd(16)} ${middle} (${low} to ${high})`);
  }
  for (const each of [...peers, bare]) await each.stop();
}

async function load(port: number): Promise<number> {
  const { stdout } = await run("wrk", ["-t1", "-c64", `-d${seconds}s`, `http://127.0.0.1:${port}/`]);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
}

interface Started {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

async function started(program: string, words: readonly string[], port: number, folder: string): Promise<Started> {
  const child = spawn(program, words, { stdio: "ignore", env: { ...process.env, HOME: folder } });
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)));
  return {
    port,
    stop: async () => {
      child.kill();
      await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

async function startHaproxy(upstream: number): Promise<Started> {
  const [folder, port] = [await mkdtemp(join(tmpdir(), "douze-bench-")), await freePort()];
  await writeFile(
    join(folder, "haproxy.cfg"),
    `global
  nbthread 1
  maxconn 1024
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend public
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server one 127.0.0.1:${upstream}
`,
  );
  return await started("haproxy", ["-db", "-f", join(folder, "haproxy.cfg")], port, folder);
}

async function startCaddy(upstream: number): Promise<Started> {
  const [folder, port] = [await mkdtemp(join(tmpdir(), "douze-bench-")), await freePort()];
  await writeFile(
    join(folder, "Caddyfile"),
    `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n reverse_proxy 127.0.0.1:${upstream}\n}\n`,
  );
  return await started("caddy", ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")], port, folder);
}

async function startNginx(upstream: number): Promise<Started> {
  const [folder, port] = [await mkdtemp(join(tmpdir(), "douze-bench-")), await freePort()];
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream app { server 127.0.0.1:${upstream}; keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } } }
`,
  );
  return await started("nginx", ["-c", join(folder, "nginx.conf"), "-e", "stderr"], port, folder);
}

async function installed(program: string): Promise<boolean> {
  return await run("/bin/sh", ["-c", `command -v ${program}`]).then(
    () => true,
    () => false,
  );
}

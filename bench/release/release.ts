// Requests that fail while an app is released again and again, under Douze and under pm2, which people use for it. Clients that keep their
// connections and clients that make a new one each time ask without pause and never again for the same. pm2 is looked for on the PATH and
// in $PEERS. `node --conditions=douze-source bench/release/release.ts [releases]`; it runs the compiled program, as people do.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load, type Tally } from "../../packages/cli/test/support/load.ts";
import { freePort } from "../../packages/local/test/support/free-port.ts";
import { command, envIn, Serving } from "../platform/serving.ts";

const run = promisify(execFile);
const releases = Number(process.argv[2] ?? 50);
const folder = await mkdtemp(join(tmpdir(), "bench-release-"));
const env = { ...envIn(folder, folder), PATH: [process.env["PEERS"], process.env["PATH"]].filter(Boolean).join(":") };

/** What an app does when it is told to end. */
const ends = {
  "an app that ends at once": "process.exit(0)",
  "an app that ends in order": "server.close(() => process.exit(0)); server.closeIdleConnections()",
} as const;

const web = (end: string): string => `const server = require("node:http").createServer((request, response) => response.end("x"));
server.listen(process.env.PORT, "127.0.0.1", () => process.send?.("ready"));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => { ${end}; });
`;

async function underLoad(port: number, release: (index: number) => Promise<unknown>): Promise<Tally> {
  const clients = load(port, { keeping: 4, fresh: 2 });
  for (let index = 0; index < releases; index++) await release(index);
  return await clients.stop();
}

async function douze(end: string): Promise<Tally> {
  const app = await mkdtemp(join(folder, "app-"));
  await writeFile(join(app, "web.js"), web(end));
  await writeFile(
    join(app, "douze.yaml"),
    "app: shop\nbuild: { language: none }\nprocesses:\n  web: { command: node web.js, grace: 2s, scale: 2 }\nconfig:\n  TEXT: { default: x }\n",
  );
  await using serving = await Serving.start([app], env);
  await command(app, env, "deploy");
  return await underLoad(serving.port, (index) => command(app, env, "config", "set", `TEXT=${index}`));
}

async function pm2(end: string): Promise<Tally> {
  const app = await mkdtemp(join(folder, "app-"));
  const port = await freePort();
  const own = { ...env, PM2_HOME: join(app, "pm2"), PORT: String(port) };
  await writeFile(join(app, "web.js"), web(end));
  const declared = { name: "web", script: "web.js", instances: 2, exec_mode: "cluster", wait_ready: true, kill_timeout: 2_000 };
  await writeFile(join(app, "eco.config.js"), `module.exports = { apps: [${JSON.stringify(declared)}] };\n`);
  await run("pm2", ["start", "eco.config.js"], { cwd: app, env: own });
  try {
    return await underLoad(port, () => run("pm2", ["reload", "web"], { cwd: app, env: own }));
  } finally {
    await run("pm2", ["kill"], { cwd: app, env: own });
  }
}

try {
  const hasPm2 = await run("pm2", ["--version"], { env: { ...env, PM2_HOME: join(folder, "pm2") } }).then(
    () => true,
    () => false,
  );
  if (!hasPm2) console.log("pm2 is not installed; its rows are missing");
  for (const [app, end] of Object.entries(ends))
    for (const [name, measure] of [["Douze", douze] as const, ...(hasPm2 ? [["pm2 reload", pm2] as const] : [])]) {
      const { requests, failures } = await measure(end);
      const kinds = Map.groupBy(failures, (text) => text.replaceAll(/\d+/g, "n"));
      const told = [...kinds].map(([kind, each]) => `${each.length} × ${kind}`).join("; ");
      console.log(`${name}, ${app}: ${releases} releases, ${requests} requests, ${failures.length} failed${told && ` (${told})`}`);
    }
} finally {
  await rm(folder, { recursive: true, force: true });
}

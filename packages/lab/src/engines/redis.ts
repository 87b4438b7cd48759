import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { endingWithUs, findProgram } from "../sandbox/tools.ts";
import type { Engine, Store } from "./engine.ts";

/** One server for each store: they start in a few milliseconds, and a Redis database has no name and no user of its own. */
export async function redisEngine(folder: string, program: string): Promise<Engine> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  const servers: Store[] = [];
  return {
    says: `Redis ${/v=([\d.]+)/.exec(stdout)?.[1] ?? ""}`.trim(),
    makeStore: async (name) => {
      const store = await startStore(join(folder, `${name}.sock`), folder, program, `pw-${name}`);
      servers.push(store);
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((store) => store[Symbol.asyncDispose]()));
    },
  };
}

async function startStore(socket: string, folder: string, program: string, password: string): Promise<Store> {
  const settings = [
    "--port",
    "0",
    "--unixsocket",
    socket,
    "--unixsocketperm",
    "777",
    "--save",
    "",
    "--appendonly",
    "no",
    "--requirepass",
    password,
    "--dir",
    folder,
  ];
  const server = spawn(...endingWithUs(findProgram("setpriv", ""), program, settings), { stdio: "ignore", cwd: "/" });
  await Promise.race([answering(socket, server), once(server, "error").then(([error]) => Promise.reject(error as Error))]);
  return {
    socket,
    port: 6379,
    url: (host) => `redis://:${password}@${host}:6379/0`,
    holds: async (text) => (await wholeStore(socket, password)).includes(text),
    [Symbol.asyncDispose]: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    },
  };
}

async function answering(socket: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await say(socket, ["PING"]);
      return;
    } catch (error) {
      if (tries > 200 || server.exitCode !== null) throw error;
      await pause(10);
    }
  }
}

/** Everything in it as one text, by a script of Redis' own: keys, and values of every type. */
async function wholeStore(socket: string, password: string): Promise<string> {
  const script = `local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  table.insert(all, key)
  local value = {}
  if kind == 'string' then value = { redis.call('GET', key) }
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1)
  elseif kind == 'stream' then value = { cjson.encode(redis.call('XRANGE', key, '-', '+')) } end
  for _, each in ipairs(value) do table.insert(all, each) end
end
return table.concat(all, '\\n')`;
  return await say(socket, ["AUTH", password], ["EVAL", script, "0"]);
}

/** Sends commands one after another, and gives all that is answered, as text. */
async function say(socket: string, ...commands: readonly (readonly string[])[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const connection = createConnection(socket);
  let heard = "";
  connection.on("data", (chunk: Buffer) => {
    heard += chunk.toString("utf8");
  });
  connection.on("error", reject);
  connection.on("close", () => resolve(heard));
  for (const words of [...commands, ["QUIT"]]) {
    connection.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
  }
  return await promise;
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

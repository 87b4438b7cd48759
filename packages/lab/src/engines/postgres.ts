import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { commandAs, findIdentity, giveTo } from "@douze/local/postgres-identity";
import { findPrograms, fittingPrograms } from "@douze/local/postgres-programs";
import postgres, { type Sql } from "postgres";
import { endingWithUs, findProgram } from "../sandbox/tools.ts";
import type { Engine, Store } from "./engine.ts";

const port = 5432;

/**
 * Starts a PostgreSQL server that forgets when the machine does: no fsync, a Unix socket alone.
 *
 * @param folder - empty, and short: a socket's path has at most 107 bytes
 * @throws Problem resource-not-installed, resource-root-refused, resource-unavailable
 */
export async function startPostgres(folder: string, path: string): Promise<Engine> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const programs = fittingPrograms(await findPrograms(folder, path), "db", undefined);
  const identity = await findIdentity(programs, folder, path);
  giveTo(identity, folder);
  const data = join(folder, "data");
  const init = commandAs(identity, programs, programs.initdb, [
    `--pgdata=${data}`,
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-sync",
    "--locale=C",
  ]);
  await finished(spawn(init.program, [...(init.args ?? [])], { ...spawnOptions(init), stdio: ["ignore", "ignore", "pipe"] }));
  // The lab itself by the server's owner; an app as from far away, by its password.
  await writeFile(join(data, "pg_hba.conf"), "local all postgres trust\nlocal all all scram-sha-256\n");
  const settings = {
    listen_addresses: "",
    unix_socket_directories: folder,
    unix_socket_permissions: "0777",
    port,
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    max_connections: 300,
    shared_buffers: "32MB",
    log_min_messages: "fatal",
  };
  const command = commandAs(identity, programs, programs.postgres, [
    "-D",
    data,
    ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
  ]);
  const lead = endingWithUs(findProgram("setpriv", ""), command.program, command.args ?? []);
  const server = spawn(...lead, { ...spawnOptions(command), stdio: ["ignore", "ignore", "ignore"] });
  const owner = connected(folder, "postgres");
  for (let tries = 0; ; tries++) {
    try {
      await owner`select 1`;
      break;
    } catch (error) {
      if (tries > 400 || server.exitCode !== null) throw error;
      await pause(25);
    }
  }
  return new PostgresEngine(server, owner, folder, programs.major);
}

class PostgresEngine implements Engine {
  readonly says: string;
  readonly #server: ChildProcess;
  readonly #owner: Sql;
  readonly #folder: string;

  constructor(server: ChildProcess, owner: Sql, folder: string, major: number) {
    this.#server = server;
    this.#owner = owner;
    this.#folder = folder;
    this.says = `PostgreSQL ${major}`;
  }

  async makeStore(name: string): Promise<Store> {
    const folder = this.#folder;
    const owner = this.#owner;
    const password = `pw-${name}`;
    await owner.unsafe(`create role "${name}" login password '${password}'`);
    await owner.unsafe(`create database "${name}" owner "${name}"`);
    return {
      socket: join(folder, `.s.PGSQL.${port}`),
      port,
      url: (host) => `postgres://${name}:${password}@${host}:${port}/${name}`,
      holds: async (text) => {
        await using sql = connected(folder, name);
        return await somewhere(sql, text);
      },
      [Symbol.asyncDispose]: async () => {
        await owner.unsafe(`drop database if exists "${name}" with (force)`);
        await owner.unsafe(`drop role if exists "${name}"`);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owner.end({ timeout: 1 });
    const ended = once(this.#server, "exit");
    this.#server.kill("SIGQUIT");
    if (this.#server.exitCode === null && this.#server.signalCode === null) await ended;
  }
}

type Connected = Sql & AsyncDisposable;

function connected(folder: string, database: string): Connected {
  const sql = postgres({
    host: join(folder, `.s.PGSQL.${port}`),
    path: join(folder, `.s.PGSQL.${port}`),
    user: "postgres",
    database,
    max: 2,
    onnotice: () => undefined,
  });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}

/** In any column of any table, as text. */
async function somewhere(sql: Sql, text: string): Promise<boolean> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`;
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ found: boolean }[]>(`select exists (select from ${name} t where t::text like $1) as found`, [
      `%${text}%`,
    ]);
    if (row?.found) return true;
  }
  return false;
}

function spawnOptions({ env, cwd, uid, gid }: ReturnType<typeof commandAs>): {
  env: NodeJS.ProcessEnv;
  cwd: string;
  uid?: number;
  gid?: number;
} {
  return { env: { ...env }, cwd: cwd ?? "/", ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

async function finished(child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return;
  const [line = "it said nothing"] = said.split("\n").filter((each) => each.includes("error:"));
  throw new Problem({
    code: "resource-unavailable",
    what: `a PostgreSQL server could not be set up: ${line.trim().slice(0, 400)}`,
    why: `initdb ended with ${code}`,
    fix: "look for room where temporary files are, and run it again",
  });
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { isMissing } from "../../files.ts";
import type { Identity } from "../plan/identities.ts";
import type { ServerSettings } from "../resource-folder.ts";
import { run } from "../run.ts";
import { commandAs, giveTo } from "./identity.ts";
import type { Programs } from "./programs.ts";

/** The app's user and database. They are the same everywhere, so that a backup fits another environment. */
export const appName = "app";
/** The superuser: for Douze's own work. The app's user may not run programs or read files of the machine. */
export const ownerName = "postgres";

/** Where and with what a server of a data folder is run. */
export interface Installation {
  readonly programs: Programs;
  readonly identity: Identity;
}

/** Undefined for a folder that holds no data of PostgreSQL. */
export function dataMajor(data: string): number | undefined {
  try {
    const major = Number.parseInt(readFileSync(join(data, "PG_VERSION"), "utf8"), 10);
    return Number.isNaN(major) ? undefined : major;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Makes the data folder of a new server in a folder that nothing relies on yet, with the app's user and database.
 *
 * @returns the data folder
 */
export async function makeCluster(
  { programs, identity }: Installation,
  making: string,
  settings: ServerSettings,
  signal: AbortSignal,
): Promise<string> {
  const data = join(making, "data");
  const passwordFile = join(making, "password");
  writeFileSync(passwordFile, `${settings.ownerPassword}\n`, { mode: 0o600 });
  giveTo(identity, making);
  giveTo(identity, passwordFile);
  const args = [
    `--pgdata=${data}`,
    `--username=${ownerName}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--data-checksums",
  ];
  const command = commandAs(identity, programs, programs.initdb, [...args, ...locale(programs.major)]);
  const { status, stdout, stderr } = await run({ ...command, signal });
  if (status !== 0) throw failed(making, `${stdout}\n${stderr}`);
  await rm(passwordFile);
  await runSql({ programs, identity }, data, [
    `CREATE ROLE ${appName} LOGIN CREATEDB PASSWORD '${settings.password}'`,
    `GRANT pg_monitor, pg_signal_backend TO ${appName}`,
    `CREATE DATABASE ${appName} OWNER ${appName}`,
  ]);
  return data;
}

/**
 * Gives the users the passwords of the settings. Also brings data that a backup or a crash left inconsistent in order first.
 *
 * @throws Problem resource-unavailable - the server cannot make sense of the data
 */
export async function setPasswords(installation: Installation, data: string, { password, ownerPassword }: ServerSettings): Promise<void> {
  await runSql(installation, data, [`ALTER ROLE ${appName} PASSWORD '${password}'`, `ALTER ROLE ${ownerName} PASSWORD '${ownerPassword}'`]);
}

/** Without a server that others could reach: one statement a line, on the standard input, where no process listing shows it. */
async function runSql({ programs, identity }: Installation, data: string, statements: readonly string[]): Promise<void> {
  const args = ["--single", "-j", "-D", data, "-c", "log_checkpoints=off", "-c", "log_min_error_statement=panic", ownerName];
  const input = statements.map((statement) => `${statement};\n\n`).join("");
  const { status, stderr } = await run({ ...commandAs(identity, programs, programs.postgres, args), input });
  const wrong = stderr.split("\n").filter((line) => /(?:ERROR|FATAL|PANIC):/.test(line));
  if (status !== 0 || wrong.length > 0) throw failed(data, wrong.length > 0 ? wrong.join("\n") : stderr);
}

/**
 * The locale that comes with the server itself, where it has one: that of the machine differs from system to system, may be missing,
 * and an upgrade of it can break the order of an index.
 */
function locale(major: number): readonly string[] {
  return major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : ["--locale=C.UTF-8"];
}

function failed(data: string, said: string): Problem {
  return new Problem({
    code: "resource-unavailable",
    what: `PostgreSQL cannot make or use the data in ${data}`,
    why: said.trim().split("\n").slice(-5).join("\n") || "it ended without a word",
    fix: "set right what it says (often the disk is full or a folder belongs to another user), then try again",
  });
}

import { Problem } from "@douze/core";
import { writeBackup } from "../backup-target.ts";
import type { BackupFile, RemoteBackup } from "../embedded-server.ts";
import { postgresEnvironment } from "../plan/postgres-environment.ts";
import { addressOf, type ResourceUrl, resourceUrl } from "../plan/resource-url.ts";
import { run } from "../run.ts";
import { connectPostgres } from "./connection.ts";
import { clientProgram } from "./programs.ts";

/**
 * Dumps the database of a URL with `pg_dump`, in its own format.
 *
 * @throws Problem resource-tool-missing - no fitting `pg_dump`
 * @throws Problem resource-backup-failed
 */
export async function dumpPostgres(resource: string, url: string, { directory, at, path, signal }: RemoteBackup): Promise<BackupFile> {
  const target = readUrl(resource, url);
  const program = await clientProgram("pg_dump", await serverMajor(resource, url, target, signal), path);
  return await writeBackup({ directory, resource, at, extension: "dump" }, async (aside) => {
    const args = ["--format=custom", "--no-password", `--file=${aside}`];
    const { status, stderr } = await run({ program, args, env: { PATH: path, ...postgresEnvironment(target) }, signal });
    if (status !== 0) throw failed("resource-backup-failed", `the database of \`${resource}\` could not be dumped`, stderr);
  });
}

/**
 * Puts what a dump holds in the place of what the database has of it, in one transaction: all or nothing.
 *
 * @throws Problem resource-tool-missing, resource-restore-failed
 */
export async function restoreDump(
  resource: string,
  url: string,
  file: string,
  { path, signal }: Pick<RemoteBackup, "path" | "signal">,
): Promise<void> {
  const target = readUrl(resource, url);
  const program = await clientProgram("pg_restore", await serverMajor(resource, url, target, signal), path);
  const env = { PATH: path, ...postgresEnvironment(target) };
  const args = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--no-password"];
  const { status, stderr } = await run({ program, args: [...args, `--dbname=${target.path || target.user}`, file], env, signal });
  if (status !== 0)
    throw failed("resource-restore-failed", `${file} could not be restored to \`${resource}\`; nothing was changed`, stderr);
}

function readUrl(resource: string, url: string): ResourceUrl {
  const target = resourceUrl(url);
  if (!("malformed" in target)) return target;
  throw failed("resource-backup-failed", `the URL of \`${resource}\` cannot be read`, target.malformed);
}

async function serverMajor(resource: string, url: string, target: ResourceUrl, signal: AbortSignal): Promise<number> {
  try {
    using client = await connectPostgres(target, target.places[0], signal);
    const [row] = await client.sql`select current_setting('server_version_num') as version`;
    return Math.floor(Number(row?.["version"]) / 10_000);
  } catch (cause) {
    throw new Problem({
      code: "resource-unreachable",
      what: `the resource \`${resource}\` at ${addressOf(url)} cannot be reached`,
      why: "it did not let Douze ask for its version",
      fix: "`douze resources` tells why; start it, or attach another one: `douze attach <name> <url>`",
      cause,
    });
  }
}

function failed(code: "resource-backup-failed" | "resource-restore-failed", what: string, said: string): Problem {
  const why = said.trim().split("\n").slice(-5).join("\n") || "the program ended without a word";
  return new Problem({ code, what, why, fix: "set right what it says, then try again" });
}

import { writeBackup } from "../backup-target.ts";
import type { BackupFile, RemoteBackup } from "../embedded-server.ts";
import { findProgram } from "../find-program.ts";
import { resourceUrl } from "../plan/resource-url.ts";
import { backupFailed, redisClientMissing } from "../problems.ts";
import { run } from "../run.ts";

/**
 * Fetches a snapshot from the server of a URL with `redis-cli`, as a replica would.
 *
 * @throws Problem resource-tool-missing, resource-backup-failed
 */
export async function copyRedis(resource: string, url: string, { directory, at, path, signal }: RemoteBackup): Promise<BackupFile> {
  const target = resourceUrl(url, "redis");
  if ("malformed" in target) throw backupFailed(resource, `its URL cannot be read: ${target.malformed}`);
  const program = findProgram(["redis-cli", "valkey-cli"], path);
  if (program === undefined) throw redisClientMissing(resource);
  const [{ host, port }] = target.places;
  const login = target.user === "" ? [] : ["--user", target.user];
  return await writeBackup({ directory, resource, at, extension: "rdb" }, async (aside) => {
    const args = ["-h", host, "-p", String(port), ...(target.tls ? ["--tls"] : []), ...login, "--rdb", aside];
    // In the environment: on the command line everybody would see it.
    const env = { PATH: path, ...(target.password !== "" && { REDISCLI_AUTH: target.password }) };
    const { status, stdout, stderr } = await run({ program, args, env, signal });
    if (status !== 0) throw backupFailed(resource, `${stdout}\n${stderr}`.trim().split("\n").slice(-3).join("\n"));
  });
}

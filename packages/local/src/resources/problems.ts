import { Problem, type ResourceType } from "@douze/core";
import { installRedis } from "./plan/install.ts";
import type { ResourceFolder } from "./resource-folder.ts";

/** @param said - the last lines of the server's own log */
export function unavailable(resource: string, log: string, said: string): Problem {
  return new Problem({
    code: "resource-unavailable",
    what: `the server of \`${resource}\` does not start`,
    why: said === "" ? "it ended without a word" : `it says:\n${said}`,
    fix: `set right what it says, then try again; all it said is in ${log}`,
  });
}

export function foreignData(data: string): Problem {
  return new Problem({
    code: "resource-unavailable",
    what: `${data} is not a data folder of PostgreSQL`,
    why: "it has no readable file PG_VERSION; it was left as it is",
    fix: "move it away, or put back what was in it; `douze resources restore` takes a backup",
  });
}

export function restoreFailed(file: string, cause: unknown): Problem {
  return new Problem({
    code: "resource-restore-failed",
    what: `${file} could not be restored; the data are as they were before`,
    why: cause instanceof Problem ? cause.why : "the server that was to run on it did not take connections",
    fix: "take another backup; `douze resources` shows that the resource still answers",
    cause,
  });
}

/** @param said - what the program or the server says of it */
export function backupFailed(resource: string, said: string, cause?: unknown): Problem {
  return new Problem({
    code: "resource-backup-failed",
    what: `\`${resource}\` could not be backed up`,
    why: said,
    fix: "set right what it says, then try again; `douze resources` shows whether the resource answers",
    ...(cause !== undefined && { cause }),
  });
}

export function redisNotInstalled(resource: string): Problem {
  return new Problem({
    code: "resource-not-installed",
    what: `there is no Redis or Valkey to run \`${resource}\` with`,
    why: "neither `redis-server` nor `valkey-server` is on the PATH",
    fix: `${installRedis}; or attach another one: \`douze attach ${resource} <url>\``,
  });
}

export function redisClientMissing(resource: string): Problem {
  return new Problem({
    code: "resource-tool-missing",
    what: `\`${resource}\` cannot be backed up without \`redis-cli\` or \`valkey-cli\``,
    why: "neither is on the PATH",
    fix: installRedis,
  });
}

export function notProvided(resource: string, type: ResourceType): Problem {
  return new Problem({
    code: "resource-not-provided",
    what: `Douze does not run a ${type} by itself for \`${resource}\``,
    why: "it runs PostgreSQL and Redis; everything else is attached by URL",
    fix: `attach one: \`douze attach ${resource} <url>\``,
  });
}

export function noBackupOf(resource: string, type: ResourceType): Problem {
  return new Problem({
    code: "resource-backup-failed",
    what: `Douze does not back up a ${type}, as \`${resource}\` is`,
    why: "it knows how to for PostgreSQL and Redis",
    fix: "use the tools of that service",
  });
}

export function noRestoreTo(resource: string, why: string): Problem {
  return new Problem({
    code: "resource-restore-failed",
    what: `the backup cannot be restored to \`${resource}\`; nothing was changed`,
    why,
    fix: `restore where Douze runs the server (\`douze attach ${resource}\` without a URL), or use the tools of the service`,
  });
}

export function otherType({ resource, path }: ResourceFolder, kept: string, wanted: string): Problem {
  return new Problem({
    code: "resource-unavailable",
    what: `\`${resource}\` is a ${wanted} now, but the data that are kept for it are those of a ${kept}`,
    why: `they are in ${path} and were left as they are`,
    fix: "give the resource another name in douze.yaml, or move that folder away",
  });
}

/** The system, and not a server, said no: a full disk, a folder of another user. */
export function refused({ resource, path }: ResourceFolder, error: NodeJS.ErrnoException): Problem {
  return new Problem({
    code: "resource-unavailable",
    what: `the files of \`${resource}\` cannot be used`,
    why: error.message,
    fix: `see to the room on the disk, and to who owns ${path}, then try again`,
    cause: error,
  });
}

export function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && typeof error.syscall === "string";
}

export function backupInvalid(file: string, why: string, cause?: unknown): Problem {
  return new Problem({
    code: "resource-backup-invalid",
    what: `${file} cannot be restored`,
    why,
    fix: "give a file that `douze resources backup` made for this kind of resource; nothing was changed",
    ...(cause !== undefined && { cause }),
  });
}

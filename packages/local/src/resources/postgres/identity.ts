import { lchownSync, lstatSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { findProgram } from "../find-program.ts";
import { type Account, type Identity, identities } from "../plan/identities.ts";
import { type Command, run } from "../run.ts";
import type { Programs } from "./programs.ts";

/**
 * As whom this server can run here, found by trying: it must be able to start and to enter the folder.
 *
 * @throws Problem resource-root-refused
 */
export async function findIdentity(programs: Programs, folder: string, path: string): Promise<Identity> {
  const candidates = identities({
    uid: process.getuid?.() ?? 1,
    accounts: await readFile("/etc/passwd", "utf8").catch(() => ""),
    unshare: findProgram(["unshare"], path),
    setpriv: findProgram(["setpriv"], path),
  });
  const [only] = candidates;
  if (only && candidates.length === 1 && only.owner === undefined) return only;
  for (const identity of candidates) {
    if (await works(identity, programs, folder)) return identity;
  }
  throw new Problem({
    code: "resource-root-refused",
    what: "PostgreSQL cannot be run by root here",
    why: "it refuses to be root, and neither a user namespace (`unshare`) nor another account that reaches its files (`setpriv`) could be had",
    fix: "run Douze as an ordinary user, or put the app in a folder that all accounts may enter, or install util-linux",
  });
}

/** A program of the server as this identity runs it. */
export function commandAs({ wrap, uid, gid }: Identity, programs: Programs, program: string, args: readonly string[]): Command {
  const [first = program, ...rest] = [...wrap, program];
  return {
    program: first,
    args: [...rest, ...args],
    // The caller's may be closed to this identity.
    cwd: "/",
    // Nothing of the caller's: PGDATA, PGOPTIONS and the language would change what it does.
    env: { ...programs.env, LC_ALL: "C", TZ: "UTC" },
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  };
}

/** Gives a folder with all in it to the identity's owner; the folder itself last, so that one that was cut off is done again. */
export function giveTo({ owner }: Identity, folder: string): void {
  if (owner && !belongsTo(folder, owner)) give(folder, owner);
}

function give(path: string, owner: Account): void {
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) give(join(path, name), owner);
  }
  lchownSync(path, owner.uid, owner.gid);
}

function belongsTo(path: string, { uid, gid }: Account): boolean {
  const stat = lstatSync(path);
  return stat.uid === uid && stat.gid === gid;
}

async function works(identity: Identity, programs: Programs, folder: string): Promise<boolean> {
  // Finds all its own files, and a name for the account, and does nothing then.
  const show = await run(commandAs(identity, programs, programs.initdb, ["--show", `--pgdata=${folder}`]));
  if (show.status !== 0) return false;
  // A folder's own search permission is what lets one reach what is in it; its content is given to the account later.
  const enter = await run(commandAs(identity, programs, "/usr/bin/env", ["test", "-x", folder]));
  return enter.status === 0;
}

import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The machine's programs that a sandbox is made with, by their whole paths: an app's PATH has no say in it. */
export interface Tools {
  readonly unshare: string;
  readonly nsenter: string;
  readonly ip: string;
  /** Has a program end with the lab, whatever ends the lab. */
  readonly setpriv: string;
  /** Absent: no trace of programs, files and connections. */
  readonly strace?: string;
  /** Absent: no terminal for an app. */
  readonly script?: string;
}

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Which of the programs that a sandbox cannot do without are missing, or all that there are. */
export function findTools(path: string = folders.join(":")): Tools | readonly string[] {
  const found = (name: string): string | undefined => findProgram(name, path);
  const [unshare, nsenter, ip, setpriv] = [found("unshare"), found("nsenter"), found("ip"), found("setpriv")];
  if (!unshare || !nsenter || !ip || !setpriv) return ["unshare", "nsenter", "ip", "setpriv"].filter((name) => !found(name));
  const [strace, script] = [found("strace"), found("script")];
  return { unshare, nsenter, ip, setpriv, ...(strace !== undefined && { strace }), ...(script !== undefined && { script }) };
}

/**
 * A program so that the kernel ends it with us, even where we are killed.
 *
 * @param setpriv - without it the program outlives us then
 */
export function endingWithUs(
  setpriv: string | undefined,
  program: string,
  args: readonly string[],
): readonly [program: string, args: readonly string[]] {
  return setpriv === undefined ? [program, args] : [setpriv, ["--pdeathsig", "KILL", program, ...args]];
}

/** The first on the path, and in the usual folders, that may be executed. */
export function findProgram(name: string, path: string): string | undefined {
  return [...path.split(":"), ...folders].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

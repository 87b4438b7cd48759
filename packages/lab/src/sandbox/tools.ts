import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The machine's programs that a sandbox is made with, by their whole paths: an app's PATH has no say in it. */
export interface Tools {
  readonly unshare: string;
  readonly nsenter: string;
  readonly ip: string;
  /** Absent: no trace of programs, files and connections. */
  readonly strace?: string;
  /** Absent: no terminal for an app. */
  readonly script?: string;
}

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Which of the programs that a sandbox cannot do without are missing, or all that there are. */
export function findTools(path: string = folders.join(":")): Tools | readonly string[] {
  const [unshare, nsenter, ip, strace, script] = ["unshare", "nsenter", "ip", "strace", "script"].map((name) => findProgram(name, path));
  if (!unshare || !nsenter || !ip) {
    return [["unshare", unshare] as const, ["nsenter", nsenter] as const, ["ip", ip] as const].flatMap(([name, found]) =>
      found ? [] : [name],
    );
  }
  return { unshare, nsenter, ip, ...(strace !== undefined && { strace }), ...(script !== undefined && { script }) };
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

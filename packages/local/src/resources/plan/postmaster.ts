/** What a running PostgreSQL writes into `postmaster.pid`; lines come one after the other while it starts. */
export interface Postmaster {
  readonly pid: number;
  readonly data: string;
  readonly port: number;
  readonly status: "starting" | "ready" | "stopping";
}

/** Undefined for a file that was cut off before it named a process. @see https://www.postgresql.org/docs/current/storage-file-layout.html */
export function postmaster(text: string): Postmaster | undefined {
  const [pidText = "", data = "", , portText = "", , , , status = ""] = text.split("\n");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || Math.abs(pid) <= 1) return undefined;
  // A negative one is a server in single-user mode: it takes no connections and ends by itself.
  return { pid: Math.abs(pid), data, port: Number(portText) || 0, status: pid < 0 ? "stopping" : statusOf(status.trim()) };
}

function statusOf(word: string): Postmaster["status"] {
  if (word === "ready" || word === "stopping") return word;
  return "starting";
}

/**
 * Whether a process is the server of a data folder, by the arguments it was started with. A pid alone proves nothing: after a
 * restart of the machine it may be anyone's.
 */
export function servesData(commandLine: readonly string[], data: string): boolean {
  return commandLine.some((word, index) => word === "-D" && commandLine[index + 1] === data);
}

/** Why a server ended while it started, as its log tells. */
export type StartFailure = "port-taken" | "memory-in-use" | "other";

export function startFailure(log: string): StartFailure {
  if (/Address already in use/i.test(log)) return "port-taken";
  // The children of a server that was killed take a moment to notice.
  if (/pre-existing shared memory block/.test(log)) return "memory-in-use";
  return "other";
}

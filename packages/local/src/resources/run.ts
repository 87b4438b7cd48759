import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly signal?: AbortSignal;
}

export interface Ended {
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly status: number | undefined;
  readonly stdout: string;
  /** Also says why it could not be started. */
  readonly stderr: string;
}

/**
 * Runs a program to its end and tells what it said.
 *
 * @throws the signal's reason, when it aborts; the program was told to end then
 */
export async function run({ program, args, env = {}, input = "", signal, ...place }: Command): Promise<Ended> {
  const child = spawn(program, args, { ...place, env, stdio: "pipe" });
  const stop = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", stop);
  try {
    // One that ends without reading what it is told breaks the pipe: its status says more.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ending(child)]);
    signal?.throwIfAborted();
    return typeof status === "string" ? { status: undefined, stdout, stderr: status } : { status, stdout, stderr };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function ending(child: ReturnType<typeof spawn>): Promise<number | string | undefined> {
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return status ?? undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

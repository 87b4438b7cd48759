import { chmod, mkdtemp, rename, rm, stat, unlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import type { Operations } from "@douze/engine";
import { type Answering, answer } from "./answer.ts";
import { answers } from "./answers.ts";
import { engineRunning } from "./lock.ts";

export interface ServeOptions {
  /** Told of what is no `Problem`: a defect. Default: written to stderr with its stack. */
  readonly onDefect?: (error: unknown) => void;
}

/** Operations that can be asked through a socket, until it is disposed of. */
export interface ApiServer extends AsyncDisposable {
  readonly socketPath: string;
}

/** How long answers that are on their way may take once the server stops, in milliseconds. */
const patienceMs = 1000;

/**
 * Answers the API on a Unix socket that its owner alone can open.
 *
 * A socket file that a killed engine has left is replaced, so the caller must hold the environment's lock.
 *
 * @throws Problem engine-running - something answers on that socket already
 */
export async function serve(operations: Operations, socketPath: string, options: ServeOptions = {}): Promise<ApiServer> {
  if (await answers(socketPath)) throw engineRunning(undefined, `another engine answers on ${socketPath}`);
  const stop = new AbortController();
  const answering: Answering = { operations, stopping: stop.signal, onDefect: options.onDefect ?? report };
  const server = createServer((request, response) => void answer(answering, request, response).catch(answering.onDefect));
  const inode = await listen(server, socketPath);
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      await removeOwn(socketPath, inode);
      stop.abort();
      await close(server);
    },
  };
}

/**
 * Binds in a folder that nobody else can enter and moves the socket into place when its mode is set: there is no moment when
 * another user could connect, and no moment when a stale file is gone and the new one not yet there.
 */
async function listen(server: Server, socketPath: string): Promise<bigint> {
  const folder = await mkdtemp(`${dirname(socketPath)}/.`); // made with mode 0700
  try {
    const made = join(folder, "s");
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(made, () => {
        server.off("error", reject);
        resolve();
      });
    });
    await chmod(made, 0o600);
    await rename(made, socketPath);
  } finally {
    await rm(folder, { recursive: true });
  }
  return (await stat(socketPath, { bigint: true })).ino;
}

async function removeOwn(socketPath: string, inode: bigint): Promise<void> {
  try {
    const present = await stat(socketPath, { bigint: true });
    if (present.ino === inode) await unlink(socketPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearTimeout(patience);
}

function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}

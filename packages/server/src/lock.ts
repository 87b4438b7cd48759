import { mkdir, stat } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { stateUnwritable } from "@douze/core";
import { Problem } from "@douze/core/problem";

/** One engine's hold on one environment's state. */
export interface Lock extends AsyncDisposable {
  /** The name of its abstract socket, without the zero byte before it. */
  readonly name: string;
}

/** How long the holder may take to tell its pid, in milliseconds. */
const pidPatienceMs = 1000;

/**
 * Holds an environment's state for this process, so that no second engine works on it.
 *
 * The hold is a Linux abstract Unix socket named after the folder's device and inode: the kernel drops it with the process,
 * however that ends, so nothing stale is ever left and no two paths to one folder are taken for two. It is held per network
 * namespace: engines in two containers that share a folder do not see each other.
 *
 * @param stateDirectory - the environment's; made when it is missing
 * @throws Problem engine-running - another process holds it
 * @throws Problem state-unwritable - it is missing and cannot be made
 */
export async function holdLock(stateDirectory: string): Promise<Lock> {
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw stateUnwritable(stateDirectory, error);
  }
  const { dev, ino } = await stat(stateDirectory, { bigint: true });
  const name = `douze-${dev}-${ino}`;
  // Whoever asks is told who holds it.
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy()); // it asked and went away
    socket.end(`${process.pid}\n`);
  });
  try {
    await listen(server, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw engineRunning(await holder(name), `it holds ${stateDirectory}`);
  }
  server.unref();
  return {
    name,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** @param pid - of the engine that runs, where it could be asked */
export function engineRunning(pid: number | undefined, why: string): Problem {
  return new Problem({
    code: "engine-running",
    what: `an engine already runs for this environment${pid === undefined ? "" : `: pid ${pid}`}`,
    why,
    fix: `use it: every command finds it by itself. To end it in order: \`douze stop\`${pid === undefined ? "" : `, or \`kill ${pid}\``}`,
  });
}

async function listen(server: Server, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(`\0${name}`, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Nothing when the holder does not answer, as one that is stopped or stuck does not. */
async function holder(name: string): Promise<number | undefined> {
  return await new Promise((resolve) => {
    let text = "";
    const socket = createConnection(`\0${name}`);
    const done = (): void => {
      socket.destroy();
      const pid = Number(text);
      resolve(Number.isSafeInteger(pid) && pid > 0 ? pid : undefined);
    };
    socket.setTimeout(pidPatienceMs, done);
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => {
      text += part;
    });
    socket.on("end", done);
    socket.on("error", done);
  });
}

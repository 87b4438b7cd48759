import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process of a test's own, killed with it. */
export interface Spawned extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has printed this line. */
  said(line: string): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Runs a program of `test/fixtures`. */
export async function spawnFixture(name: string, ...given: readonly string[]): Promise<Spawned> {
  const file = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--conditions=douze-source", file, ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child, "spawn");
  const exited = once(child, "exit");
  const lines = child.stdout && createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    async said(line) {
      for (let next = await lines?.next(); next && !next.done; next = await lines?.next()) if (next.value === line) return;
      throw new Error(`${name} ended without saying ${line}`);
    },
    end,
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}

import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { Problem } from "@douze/core";
import { folderMode } from "./resource-folder.ts";

/**
 * Holds a folder for this process. The lock is the name of an abstract socket, which the kernel frees when its holder ends,
 * however that comes about: no file can stay behind and no pid be mistaken.
 */
export class FolderLock implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws Problem resource-in-use - another process holds it */
  static async take(folder: string): Promise<FolderLock> {
    mkdirSync(folder, { recursive: true, mode: folderMode() });
    const { dev, ino } = statSync(folder, { bigint: true });
    const name = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 32);
    const server = createServer((socket) => socket.destroy());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ path: `\0douze-resources-${name}` }, resolve);
    server.unref();
    try {
      await promise;
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === "EADDRINUSE" ? inUse(folder, cause) : cause;
    }
    return new FolderLock(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }
}

function inUse(folder: string, cause: unknown): Problem {
  return new Problem({
    code: "resource-in-use",
    what: "the backing services of this environment are in another engine's hands",
    why: `another process holds ${folder}`,
    fix: "stop it (`douze stop`, or Ctrl-C where `douze up` runs), or let it do what you wanted",
    cause,
  });
}

import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ledger, readLedger } from "./write-ledger.ts";

/** What a process writes to, and what is left of it: its own, or kept for the next start. */
export class Disk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(folder: string): Promise<Disk> {
    for (const name of ["tmp", "var/tmp", "var/log", "var/lib", "var/cache", "run/lock", "home/app"]) {
      await mkdir(join(folder, "plain", name), { recursive: true, mode: 0o755 });
    }
    await mkdir(join(folder, "root"));
    return new Disk(folder);
  }

  /** All that was made, changed or deleted since the start, by the paths that the app sees. */
  async ledger(): Promise<Ledger> {
    return await readLedger(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An overlay leaves folders that its own owner may not enter.
    for (const side of ["over", "seen"]) {
      const names = await readdir(join(this.folder, side)).catch(() => []);
      for (const name of names) await chmod(join(this.folder, side, name, "work/work"), 0o700).catch(() => undefined);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type BuildEvent, type BuildRequest, type BuildResult, build } from "@douze/build";

const run = promisify(execFile);

/** A codebase in a temporary folder, with a store of its own. */
export class Codebase implements AsyncDisposable {
  readonly root: string;
  readonly folder: string;
  readonly events: BuildEvent[] = [];

  private constructor(root: string) {
    this.root = root;
    this.folder = join(root, "app");
  }

  static async of(files: Readonly<Record<string, string>>): Promise<Codebase> {
    const codebase = new Codebase(await mkdtemp(join(tmpdir(), "douze-build-")));
    await mkdir(codebase.folder);
    await codebase.write(files);
    return codebase;
  }

  get store(): string {
    return join(this.root, "builds");
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      if (text.startsWith("#!")) await chmod(path, 0o755);
    }
  }

  async git(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", ...args], { cwd: this.folder });
    return stdout.trim();
  }

  async commit(): Promise<string> {
    await this.git("init", "-q");
    await this.git("add", "-A");
    await this.git("commit", "-qm", "a commit");
    return await this.git("rev-parse", "HEAD");
  }

  async build(rest: Partial<BuildRequest> = {}): Promise<BuildResult> {
    const { PATH = "", HOME = "" } = process.env;
    return await build({
      directory: this.folder,
      workingTree: true,
      store: this.store,
      cache: join(this.root, "cache"),
      onProgress: (event) => void this.events.push(event),
      signal: new AbortController().signal,
      path: PATH,
      home: HOME,
      ...rest,
    });
  }

  /** Forgets all builds. */
  async emptyStore(): Promise<void> {
    await run("chmod", ["-R", "u+w", this.store]);
    await rm(this.store, { recursive: true });
  }

  async shell(command: string): Promise<void> {
    await run("/bin/sh", ["-c", command], { cwd: this.folder });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("chmod", ["-R", "u+w", this.root]);
    await rm(this.root, { recursive: true, force: true });
  }
}

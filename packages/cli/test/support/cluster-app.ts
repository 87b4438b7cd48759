import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ReleaseView } from "@douze/engine";
import { expect } from "vitest";
import { type Ended, type Running, start } from "./douze.ts";

/** An app with a repository of its own, whose environment `production` runs in a cluster. */
export class ClusterApp implements AsyncDisposable {
  readonly folder: string;
  readonly namespace: string;
  readonly #env: Readonly<Record<string, string>>;

  /** @param env - that its commands are called with */
  protected constructor(folder: string, namespace: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.namespace = namespace;
    this.#env = env;
  }

  protected static async folder(name: string): Promise<string> {
    return await realpath(await mkdtemp(join(tmpdir(), `douze-${name}-`)));
  }

  /** Files of an app without dependencies, and an empty repository. */
  protected async begin(programs: readonly string[]): Promise<void> {
    await this.write("package.json", '{"name":"shop","private":true,"type":"module"}');
    await this.write("package-lock.json", '{"name":"shop","lockfileVersion":3,"requires":true,"packages":{"":{"name":"shop"}}}');
    for (const name of programs) await this.write(`${name}.js`, "");
    await this.write(".gitignore", ".douze\n");
    this.git("init", "-q");
    this.git("config", "user.name", "Ana");
    this.git("config", "user.email", "ana@example.org");
  }

  /** The same images for all: what runs an app takes longest to pack. */
  protected async share(images: string): Promise<void> {
    await mkdir(join(this.folder, ".douze"), { mode: 0o700, recursive: true });
    await symlink(images, join(this.folder, ".douze/images"));
  }

  git(...words: readonly string[]): string {
    return execFileSync("git", words, { cwd: this.folder, encoding: "utf8" }).trim();
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, name)), { recursive: true });
    await writeFile(join(this.folder, name), text);
  }

  /** @param manifest - its douze.yaml from now on */
  async commit(manifest: string): Promise<void> {
    await this.write("douze.yaml", manifest);
    this.git("add", "-A");
    this.git("commit", "-q", "--allow-empty", "-m", "a commit");
  }

  start(...words: string[]): Running {
    return start(["--env", "production", ...words], { in: this.folder, env: this.#env });
  }

  async douze(...words: string[]): Promise<Ended> {
    await using running = this.start(...words);
    return await running.ended;
  }

  async good(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.douze(...words);
    expect(`${stdout}${stderr}\nexit ${code}`).toContain("exit 0");
    return stdout;
  }

  async releases(): Promise<readonly string[]> {
    const list = JSON.parse(await this.good("releases", "--json")) as ReleaseView[];
    return list.map(({ version, status }) => `v${version} ${status}`).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync("chmod", ["-R", "u+w", this.folder]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { execFileSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A copy of the example hola with an inventory of its own, as a repository. */
export class BenchApp {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param target - lines of the inventory's `target:`, indented by two */
  static async make(folder: string, target: string): Promise<BenchApp> {
    const app = new BenchApp(folder);
    const skipped = new Set(["node_modules", ".douze"]);
    await cp(join(import.meta.dirname, "../../examples/hola"), folder, {
      recursive: true,
      filter: (path) => !skipped.has(path.split("/").at(-1) ?? ""),
    });
    await app.write(
      "inventory/production.yaml",
      `target:\n  kind: kubernetes\n${target}attachments:\n  db: postgres://hola@db.example.org/hola\nconfig:\n  SIGNATURE: none\n`,
    );
    await app.write(".gitignore", ".douze\nnode_modules\n");
    app.git("init", "-q");
    app.git("config", "user.name", "Bench");
    app.git("config", "user.email", "bench@localhost");
    app.commit();
    return app;
  }

  git(...words: readonly string[]): void {
    execFileSync("git", words, { cwd: this.folder });
  }

  commit(): void {
    this.git("add", "-A");
    this.git("commit", "-q", "--allow-empty", "-m", "a commit");
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, name)), { recursive: true });
    await writeFile(join(this.folder, name), text);
  }
}

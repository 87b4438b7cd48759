import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Edit } from "../mutations/mutation.ts";

export const languages = ["node", "python", "ruby", "go", "java"] as const;
export type Language = (typeof languages)[number];

/** An app of `test/apps` in a repository of its own, changed; gone when it is disposed of. */
export class AppCopy implements Disposable {
  readonly folder: string;
  readonly #parent: string;

  constructor(language: Language, edits: readonly Edit[] = []) {
    this.#parent = mkdtempSync(join(tmpdir(), "lab-app-"));
    // The folder's name is the app's, and so part of what is found.
    this.folder = join(this.#parent, `notes-${language}`);
    cpSync(join(import.meta.dirname, "../apps", language), this.folder, {
      recursive: true,
      filter: (path) => !/(^|\/)(node_modules|\.douze|\.venv|__pycache__|out)$/.test(path),
    });
    for (const edit of edits) this.#edit(edit);
    this.#git("init", "--quiet", "--initial-branch=main");
    this.#git("add", "--all");
    this.#git("-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message=app");
  }

  #edit(edit: Edit): void {
    const path = join(this.folder, edit.file);
    if ("remove" in edit) return rmSync(path);
    if ("write" in edit) return writeFileSync(path, edit.write);
    const text = readFileSync(path, "utf8");
    const parts = text.split(edit.from);
    if (parts.length !== 2) throw new Error(`${edit.file} has ${parts.length - 1} times: ${edit.from}`);
    writeFileSync(path, parts.join(edit.to));
  }

  #git(...args: readonly string[]): void {
    execFileSync("git", [...args], { cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] });
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true });
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem } from "@douze/core/problem";

/**
 * Lets a person edit a text in $VISUAL or $EDITOR. The file lies in a folder that only they can read, and is removed.
 *
 * @throws Problem editor-failed - there is none, or it ended with a failure: nothing is changed then
 */
export async function edited(text: string, name: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const editor = env["VISUAL"] || env["EDITOR"] || "vi";
  const memory = env["XDG_RUNTIME_DIR"];
  const folder = await mkdtemp(join(memory ?? tmpdir(), "douze-edit-"));
  const file = join(folder, name);
  try {
    await writeFile(file, text, { mode: 0o600 });
    // Ctrl-C in the editor is the editor's: this process must outlive it, to remove the file.
    const stay = (): void => undefined;
    process.on("SIGINT", stay);
    const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "douze", file], { stdio: "inherit" });
    const [code] = (await once(child, "exit")) as [number | null];
    process.off("SIGINT", stay);
    if (code !== 0) {
      throw new Problem({
        code: "editor-failed",
        what: `the editor \`${editor}\` ended with a failure`,
        why: `its exit status was ${code ?? "a signal"}`,
        fix: "set EDITOR to one that is installed; nothing was changed",
      });
    }
    return await readFile(file, "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { lstat, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Starts the interpreter that lies beside the script, wherever both are. A shell reads the second line, Python the string. */
const head = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n";

/**
 * Makes a Python environment independent of the folder it was made in: its scripts name their interpreter by an absolute path, and
 * a build is moved to a place that has its digest for a name.
 */
export async function relocateVenv(venv: string): Promise<void> {
  const bin = join(venv, "bin");
  for (const name of await readdir(bin)) {
    const path = join(bin, name);
    if (/^activate/i.test(name) || name === "deactivate.nu") {
      await rm(path);
      continue;
    }
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size > 1_000_000) continue;
    const text = await readFile(path, "latin1");
    const [first = ""] = text.split("\n", 1);
    if (/^#!.*\/bin\/python[\d.]*$/.test(first)) await writeFile(path, head + text.slice(first.length + 1), "latin1");
    else if (text.startsWith("#!/bin/sh\n'''exec'")) await writeFile(path, head + text.split("\n").slice(3).join("\n"), "latin1");
  }
  await dropMadeWith(venv);
}

/** Remarks about where and how it was made, which differ from build to build. */
async function dropMadeWith(venv: string): Promise<void> {
  const config = join(venv, "pyvenv.cfg");
  const lines = (await readFile(config, "utf8")).split("\n").filter((line) => !/^(command|prompt)\s*=/.test(line));
  await writeFile(config, lines.join("\n"));
  await rm(join(venv, "lib64"), { force: true });
  for (const path of await filesNamed(venv, /^(RECORD|direct_url\.json|uv_cache\.json|.*\.pyc)$/)) {
    // RECORD lists the digests of scripts as they were; pip needs it only to uninstall.
    await rm(path);
  }
}

async function filesNamed(folder: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return await filesNamed(path, name);
      return entry.isFile() && name.test(entry.name) ? [path] : [];
    }),
  );
  return nested.flat();
}

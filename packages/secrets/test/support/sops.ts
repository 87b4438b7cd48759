import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The release the tests are held against; `package` of the Go module. */
const version = "v3.13.2";

/** Where a sops that was built for tests is kept, outside the repository. */
const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "douze-test", `sops-${version}`);

export type Sops = { readonly path: string } | { readonly missing: string };

/**
 * Finds the real sops: on the PATH, then one built before, then builds it where Go is at hand, which takes a minute or two, once.
 */
export async function findSops(): Promise<Sops> {
  const present = [...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "sops")), join(cache, "sops")].find(
    isProgram,
  );
  if (present) return { path: present };
  if (!(process.env["PATH"] ?? "").split(delimiter).some((folder) => isProgram(join(folder, "go"))))
    return { missing: `neither sops nor Go is on the PATH, and ${cache} is empty` };
  return build();
}

async function build(): Promise<Sops> {
  await mkdir(join(cache, ".."), { recursive: true });
  const folder = await mkdtemp(`${cache}-`);
  try {
    console.warn(`building sops ${version} for the tests, once: ${cache}`);
    const options = { env: { ...process.env, GOBIN: folder, GOFLAGS: "-p=2", CGO_ENABLED: "0" }, timeout: 600_000 };
    await run("go", ["install", `github.com/getsops/sops/v3/cmd/sops@${version}`], options);
    await mkdir(cache, { recursive: true });
    await rename(join(folder, "sops"), join(cache, "sops"));
    return { path: join(cache, "sops") };
  } catch (error) {
    return { missing: `sops could not be built: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

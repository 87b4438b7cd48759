import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Problem } from "@douze/core";
import semver from "semver";
import type { RuntimeWish } from "./plan.ts";

/** A runtime that was found. */
export interface Runtime {
  /** Folder that holds it. */
  readonly folder: string;
  readonly version: string;
}

const programs: Readonly<Record<RuntimeWish["name"], { readonly program: string; readonly ask: readonly string[] }>> = {
  node: { program: "node", ask: ["--version"] },
  python: { program: "python3", ask: ["--version"] },
  go: { program: "go", ask: ["env", "GOVERSION"] },
  ruby: { program: "ruby", ask: ["--version"] },
};

/** Where version tools keep what they install, below the user's home; `*` is one version's folder. */
const versionFolders: Readonly<Record<RuntimeWish["name"], readonly string[]>> = {
  node: [
    ".nvm/versions/node/*/bin",
    ".local/share/fnm/node-versions/*/installation/bin",
    ".volta/tools/image/node/*/bin",
    ".local/share/mise/installs/node/*/bin",
    ".asdf/installs/nodejs/*/bin",
  ],
  python: [
    ".pyenv/versions/*/bin",
    ".local/share/uv/python/*/bin",
    ".local/share/mise/installs/python/*/bin",
    ".asdf/installs/python/*/bin",
  ],
  go: ["sdk/*/bin", ".local/share/mise/installs/go/*/bin", ".asdf/installs/golang/*/go/bin"],
  ruby: [".rbenv/versions/*/bin", ".rubies/*/bin", ".local/share/mise/installs/ruby/*/bin", ".asdf/installs/ruby/*/bin"],
};

/**
 * Finds a runtime that fits: in PATH first, then where version tools keep theirs, the newest that fits.
 *
 * @throws Problem runtime-missing - none fits; says what was found and how to install the wanted one
 */
export async function findRuntime(wish: RuntimeWish, path: string, home: string | undefined): Promise<Runtime> {
  const inPath = path.split(":").filter((folder) => folder.startsWith("/"));
  const found: Runtime[] = [];
  for (const folder of inPath) {
    const runtime = await runtimeIn(folder, wish.name);
    if (!runtime) continue;
    if (fits(runtime.version, wish.range)) return runtime;
    found.push(runtime);
  }
  for (const runtime of await installed(wish.name, home)) {
    if (fits(runtime.version, wish.range)) return runtime;
    found.push(runtime);
  }
  throw missing(wish, found);
}

/** Whether a program is in PATH. */
export async function findTool(tool: string, path: string): Promise<boolean> {
  const looked = await Promise.all(path.split(":").map((folder) => isProgram(join(folder, tool))));
  return looked.includes(true);
}

function fits(version: string, range: string | undefined): boolean {
  return range === undefined || semver.satisfies(version, range, { loose: true });
}

async function runtimeIn(folder: string, name: RuntimeWish["name"]): Promise<Runtime | undefined> {
  const { program, ask } = programs[name];
  if (!(await isProgram(join(folder, program)))) return undefined;
  try {
    const { stdout } = await promisify(execFile)(join(folder, program), [...ask], { timeout: 10_000 });
    const version = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    const whole = version?.split(".").length === 2 ? `${version}.0` : version;
    return whole === undefined ? undefined : { folder, version: whole };
  } catch {
    // A version tool's stand-in without a version behind it answers with a failure: that is no runtime.
    return undefined;
  }
}

async function installed(name: RuntimeWish["name"], home: string | undefined): Promise<Runtime[]> {
  if (home === undefined) return [];
  const folders = await Promise.all(
    versionFolders[name].map(async (pattern) => {
      const [parent = "", rest = ""] = pattern.split("*");
      return (await namesIn(join(home, parent))).map((version) => join(home, parent, version, rest));
    }),
  );
  const runtimes = await Promise.all(folders.flat().map((folder) => runtimeIn(folder, name)));
  return runtimes.filter((each) => each !== undefined).sort((a, b) => semver.rcompare(a.version, b.version, { loose: true }));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return [];
    throw error;
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing({ name, range, from }: RuntimeWish, found: readonly Runtime[]): Problem {
  const wanted = range === undefined ? name : `${name} ${range}`;
  const major = semver.minVersion(range ?? "*")?.version.replace(/\.0(\.0)?$/, "") ?? "latest";
  const ways: Readonly<Record<RuntimeWish["name"], string>> = {
    node: `\`nvm install ${major}\`, \`mise use node@${major}\`, or https://nodejs.org`,
    python: `\`uv python install ${major}\`, \`pyenv install ${major}\`, or your system's packages (\`apt install python3 python3-venv\`)`,
    go: `\`go install golang.org/dl/go${major}@latest\`, \`mise use go@${major}\`, or https://go.dev/dl`,
    ruby: `\`rbenv install ${major}\`, \`mise use ruby@${major}\`, or your system's packages (\`apt install ruby-full\`)`,
  };
  return new Problem({
    code: "runtime-missing",
    what: `${wanted} is not installed`,
    why: `${from} asks for it; found: ${found.map(({ version, folder }) => `${version} in ${folder}`).join(", ") || "none"}`,
    fix: `install it: ${ways[name]}`,
  });
}

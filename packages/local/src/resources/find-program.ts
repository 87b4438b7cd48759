import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isMissing } from "../files.ts";

/** The first of the names that is on the path, as a shell finds it; by the order of the names first. */
export function findProgram(names: readonly string[], path: string): string | undefined {
  return names.flatMap((name) => folders(path).map((folder) => join(folder, name))).find(isProgram);
}

/** Where Debian, Fedora and Homebrew put the programs of PostgreSQL's major versions, and what is on the path. */
export function postgresFolders(path: string): readonly string[] {
  const versions = (root: string): readonly string[] => list(root).map((name) => join(root, name, "bin"));
  const brewed = ["/opt/homebrew/opt", "/usr/local/opt"].flatMap((root) =>
    list(root).flatMap((name) => (name.startsWith("postgresql") ? [join(root, name, "bin")] : [])),
  );
  return [...new Set([...versions("/usr/lib/postgresql"), ...list("/usr").flatMap(pgdg), ...brewed, ...folders(path)])];
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** `/usr/pgsql-18`, as in the packages of postgresql.org for Fedora and its relatives. */
function pgdg(name: string): readonly string[] {
  return name.startsWith("pgsql-") ? [join("/usr", name, "bin")] : [];
}

function folders(path: string): readonly string[] {
  return path.split(delimiter).filter((folder) => folder.startsWith("/"));
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

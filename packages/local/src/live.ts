import { mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";

const dataLink = "..data";

/**
 * Makes a release's live directory hold exactly these values, a file per key, as Kubernetes mounts a ConfigMap: the files lie in
 * a folder named after the time, `..data` is a link to it, and each key is a link into `..data`. One rename of `..data` changes
 * them all at once. A reader that has a file open goes on with the former value.
 *
 * @param now - milliseconds since the epoch
 * @returns whether anything changed
 * @throws Problem name-invalid - a key cannot be the name of a file
 */
export async function writeLive(directory: string, values: Readonly<Record<string, string>>, now: number): Promise<boolean> {
  for (const key of Object.keys(values)) checkKey(key);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const former = await readlinkIfThere(join(directory, dataLink));
  if (former !== undefined && (await holds(join(directory, former), values))) {
    // An engine that was killed may have swapped the values and not come to the rest.
    await tidy(directory, values, former);
    return false;
  }
  const folder = await writeFolder(directory, values, now);
  const aside = join(directory, `${dataLink}_tmp`);
  await rm(aside, { force: true });
  await symlink(folder, aside);
  await rename(aside, join(directory, dataLink));
  await tidy(directory, values, folder);
  return true;
}

async function writeFolder(directory: string, values: Readonly<Record<string, string>>, now: number): Promise<string> {
  const folder = await makeFolder(directory, now);
  for (const [key, value] of Object.entries(values)) {
    await using file = await open(join(directory, folder, key), "wx", 0o644);
    await file.writeFile(value);
    await file.sync();
  }
  await syncFolder(join(directory, folder));
  return folder;
}

async function makeFolder(directory: string, now: number): Promise<string> {
  const [date = "", time = ""] = new Date(now).toISOString().slice(0, -1).split("T");
  for (let count = 0; ; count++) {
    const fraction = String(count).padStart(6, "0");
    const folder = `..${date.replaceAll("-", "_")}_${time.replaceAll(":", "_")}${fraction}`;
    try {
      await mkdir(join(directory, folder), { mode: 0o755 });
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Links for the keys there are, none for those there are not, and no folder but the one in use. */
async function tidy(directory: string, values: Readonly<Record<string, string>>, folder: string): Promise<void> {
  const names = new Set(await readdir(directory));
  for (const key of Object.keys(values)) {
    if (!names.has(key)) await symlink(join(dataLink, key), join(directory, key));
  }
  for (const name of names) {
    const stale = name.startsWith("..") ? name !== dataLink && name !== folder : !Object.hasOwn(values, name);
    if (stale) await rm(join(directory, name), { recursive: true, force: true });
  }
  await syncFolder(directory);
}

async function holds(folder: string, values: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    const names = await readdir(folder);
    if (names.length !== Object.keys(values).length) return false;
    for (const name of names) {
      if (values[name] === undefined || (await readFile(join(folder, name), "utf8")) !== values[name]) return false;
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function readlinkIfThere(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

function checkKey(key: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,251}$/.test(key)) return;
  throw new Problem({
    code: "name-invalid",
    what: `\`${key.slice(0, 80)}\` cannot be the name of a live key`,
    why: "a live key is also the name of a file: letters, digits, `_`, `-` and dots, the first no dot",
    fix: "choose another name, or declare it without `live: true`",
  });
}

import { execFile } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";
import { Problem } from "@douze/core";
import { type Entry, entriesOf } from "./layer.ts";

const run = promisify(execFile);

/** Folders that are links into `/usr` in the image, as on most machines. */
const merged = ["bin", "sbin", "lib", "lib64"] as const;

/** The links themselves. */
export const mergedLinks: readonly Entry[] = merged.map((name) => ({ path: name, link: `usr/${name}` }));

/**
 * Programs of this machine with the libraries that they are linked to.
 *
 * @param programs - files here, and where each goes in the image; without a place, where it is here
 * @throws Problem image-impossible - a library is missing here, or the system's loader cannot say what programs need
 */
export async function withLibraries(programs: readonly { readonly file: string; readonly path?: string }[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  const libraries = new Set<string>();
  for (const { file, path } of programs) entries.push({ path: placed(path ?? file), file: await realpath(file) });
  for (const [file, text] of await linksOf(programs.map(({ file }) => file)))
    for (const library of librariesOf(file, text)) libraries.add(library);
  for (const library of libraries) entries.push({ path: placed(library), file: await realpath(library) });
  return entries;
}

/** Where a file of this machine goes in the image. */
export function placed(path: string): string {
  const inside = path.replace(/^\/+/, "");
  const [first = ""] = inside.split("/", 1);
  return (merged as readonly string[]).includes(first) ? `usr/${inside}` : inside;
}

/**
 * What the native parts of a tree are linked to: addons, and programs that it brings. What is not on this machine is left out: packages
 * bring parts for other systems too.
 */
export async function librariesOfTree(tree: string): Promise<Entry[]> {
  const native: string[] = [];
  for (const entry of entriesOf(tree, "")) if ("file" in entry && isNative(entry.file)) native.push(entry.file);
  const found = [...(await linksOf(native)).values()].flatMap(pathsIn);
  const libraries = new Set(found.filter((library) => !library.startsWith(`${tree}/`)));
  return await Promise.all([...libraries].map(async (library) => ({ path: placed(library), file: await realpath(library) })));
}

/** Whether a file is a program or a library in the format of this system. */
function isNative(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(4);
    readSync(file, head, 0, 4, 0);
    return head.equals(Buffer.from("\x7fELF", "latin1"));
  } finally {
    closeSync(file);
  }
}

/** What `ldd` says of each file, asked for all at once: it takes longer to start than to answer. */
async function linksOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map();
  const told = await run("ldd", files, { maxBuffer: 2 ** 26, env: { ...process.env, LC_ALL: "C" } }).catch((cause: unknown) => {
    const { stdout, code } = cause as { readonly stdout?: string; readonly code?: unknown };
    // One that is linked to nothing makes it fail, and the others are told all the same.
    if (typeof code === "number" && stdout !== undefined) return { stdout: `${stdout}${(cause as { stderr: string }).stderr}` };
    throw new Problem({
      code: "image-impossible",
      what: "no image can be made here",
      why: `\`ldd\` does not say what programs are linked to: ${(cause as Error).message}`,
      fix: "install `ldd` (it comes with the C library), or make the image by a Dockerfile: `build: { dockerfile: Dockerfile }`",
      cause,
    });
  });
  const [only = ""] = files;
  if (files.length === 1) return new Map([[only, told.stdout]]);
  const parts = told.stdout.split(/^(?=\S.*:$)/m).map((part): [string, string] => {
    const end = part.indexOf(":\n");
    return [part.slice(0, end), part.slice(end + 2)];
  });
  return new Map(parts.filter(([file]) => files.includes(file)));
}

function librariesOf(file: string, text: string): string[] {
  const missing = /^\s*(\S+) => not found/m.exec(text)?.[1];
  if (missing !== undefined) {
    throw new Problem({
      code: "image-impossible",
      what: `no image can be made of ${file}`,
      why: `it is linked to ${missing}, which is not on this machine`,
      fix: "install the library, and build again",
    });
  }
  return pathsIn(text);
}

function pathsIn(text: string): string[] {
  return [...text.matchAll(/(?:=>\s*)?(\/\S+)\s+\(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

import { execFile } from "node:child_process";
import { open, realpath } from "node:fs/promises";
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
 * @throws Problem image-impossible - the system's loader cannot say what a program needs
 */
export async function withLibraries(programs: readonly { readonly file: string; readonly path?: string }[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  const libraries = new Set<string>();
  for (const { file, path } of programs) {
    entries.push({ path: placed(path ?? file), file: await realpath(file) });
    for (const library of await librariesOf(file)) libraries.add(library);
  }
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
  const libraries = new Set<string>();
  for (const entry of await entriesOf(tree, "")) {
    if (!("file" in entry) || !(await isNative(entry.file))) continue;
    const told = await run("ldd", [entry.file]).catch(() => undefined);
    for (const library of pathsIn(told?.stdout ?? "")) if (!library.startsWith(`${tree}/`)) libraries.add(library);
  }
  return await Promise.all([...libraries].map(async (library) => ({ path: placed(library), file: await realpath(library) })));
}

/** Whether a file is a program or a library in the format of this system. */
async function isNative(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  return head.equals(Buffer.from("\x7fELF", "latin1"));
}

async function librariesOf(file: string): Promise<string[]> {
  let text: string;
  try {
    text = (await run("ldd", [file])).stdout;
  } catch (cause) {
    // A script, or a program that is linked to nothing.
    const told = `${(cause as { stdout?: string }).stdout ?? ""}${(cause as { stderr?: string }).stderr ?? ""}`;
    if (/not a dynamic executable|not a valid dynamic program|statically linked/i.test(told)) return [];
    throw new Problem({
      code: "image-impossible",
      what: `no image can be made of ${file}`,
      why: `\`ldd\` does not say what it is linked to: ${told.trim() || (cause as Error).message}`,
      fix: "install `ldd` (it comes with the C library), or name a base image that has the runtime: `build: { image: … }`",
      cause,
    });
  }
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

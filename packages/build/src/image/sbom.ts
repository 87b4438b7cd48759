import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Build } from "@douze/core";

interface Component {
  readonly type: "library";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly "bom-ref": string;
}

/**
 * What an image is made of, as CycloneDX 1.6: every package that lies in the build's tree. No serial number and no time: it is the same
 * for the same tree.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export async function sbomOf({ language, digest }: Build, tree: string, name: string): Promise<string> {
  const components = [...(await npmPackages(tree)), ...(await pythonPackages(tree))];
  const unique = [...new Map(components.map((each) => [each.purl, each])).values()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
  const bom = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", name, version: digest, properties: [{ name: "douze:language", value: language }] },
    },
    components: unique,
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}

async function npmPackages(tree: string): Promise<Component[]> {
  const found: Component[] = [];
  for (const folder of await foldersNamed(tree, "node_modules")) {
    for (const path of await packageFolders(folder)) {
      const { name, version } = JSON.parse((await textOf(join(path, "package.json"))) ?? "{}") as { name?: string; version?: string };
      if (name && version) found.push(component("npm", name.replace(/^@/, "%40"), name, version));
    }
  }
  return found;
}

async function pythonPackages(tree: string): Promise<Component[]> {
  const found: Component[] = [];
  for (const folder of await foldersNamed(tree, "site-packages")) {
    for (const entry of await readdir(folder)) {
      if (!entry.endsWith(".dist-info")) continue;
      const metadata = (await textOf(join(folder, entry, "METADATA"))) ?? "";
      const name = /^Name:\s*(\S+)/m.exec(metadata)?.[1];
      const version = /^Version:\s*(\S+)/m.exec(metadata)?.[1];
      if (name && version) found.push(component("pypi", name.toLowerCase().replaceAll("_", "-"), name, version));
    }
  }
  return found;
}

function component(kind: string, path: string, name: string, version: string): Component {
  const purl = `pkg:${kind}/${path}@${version}`;
  return { type: "library", name, version, purl, "bom-ref": purl };
}

/** All folders of a name, wherever they are; links are not followed. */
async function foldersNamed(folder: string, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name === name) found.push(path);
    found.push(...(await foldersNamed(path, name)));
  }
  return found;
}

async function packageFolders(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const below = entries.map(async ({ name }) =>
    name.startsWith("@") ? (await readdir(join(folder, name))).map((own) => join(folder, name, own)) : [join(folder, name)],
  );
  return (await Promise.all(below)).flat();
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

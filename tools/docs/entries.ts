import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));
export const kit: string = `${root}packages/app/`;

/** What the kit exports: the name of each entry, and the file of its types. */
export function entries(): readonly { readonly name: string; readonly types: string }[] {
  const { exports } = JSON.parse(readFileSync(`${kit}package.json`, "utf8")) as { exports: Record<string, { types: string }> };
  return Object.entries(exports).map(([name, { types }]) => ({
    name: name === "." ? "index" : name.slice(2).replaceAll("/", "-"),
    types: kit + types.slice(2),
  }));
}

import { basename } from "node:path";

/** A folder's name made fit for an app's. */
export function folderAppName(directory: string): string {
  const fit = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return fit || "app";
}

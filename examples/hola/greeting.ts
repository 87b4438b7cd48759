import { readFileSync } from "node:fs";

/** The greeting as it is now: a live key is a file, swapped whole when its value changes. */
export function greeting(): string {
  const folder = process.env.DOUZE_LIVE_DIR;
  return folder ? readFileSync(`${folder}/GREETING`, "utf8") : (process.env.GREETING ?? "Hola");
}

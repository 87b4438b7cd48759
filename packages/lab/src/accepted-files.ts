import { open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Problem } from "@douze/core";
import { parse as parseYaml } from "yaml";
import type { Severity } from "./model/verdict.ts";
import type { Baseline, Waiver } from "./plan/accept.ts";

/** Beside the manifest, and committed as it is. */
const baselineFile = "check.baseline.json";
const waiversFile = "check.waivers.yaml";

/** What was accepted before. */
export interface AcceptedFiles {
  readonly baseline: Baseline;
  readonly waivers: readonly Waiver[];
}

/** @throws Problem check-file-invalid */
export async function readAccepted(directory: string): Promise<AcceptedFiles> {
  const [baseline, waivers] = await Promise.all([textOf(join(directory, baselineFile)), textOf(join(directory, waiversFile))]);
  return { baseline: baseline === undefined ? {} : baselineOf(baseline), waivers: waivers === undefined ? [] : waiversOf(waivers) };
}

/** Writes the findings that are taken for known; aside first, so that a half one is never there. */
export async function writeBaseline(directory: string, baseline: Baseline): Promise<string> {
  const path = join(directory, baselineFile);
  const aside = `${path}.new`;
  const sorted = Object.fromEntries(Object.entries(baseline).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  {
    await using file = await open(aside, "w");
    await file.writeFile(`${JSON.stringify(sorted, undefined, 2)}\n`);
    await file.sync();
  }
  await rename(aside, path);
  await using folder = await open(dirname(path), "r");
  await folder.sync();
  return path;
}

function baselineOf(text: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(baselineFile, "it is no JSON", cause);
  }
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  if (!entries?.every(([, severity]) => ["error", "warning", "note"].includes(severity as string)))
    throw invalid(baselineFile, "expected fingerprints, each with `error`, `warning` or `note`");
  return Object.fromEntries(entries) as Record<string, Severity>;
}

const keys = ["check", "subject", "reason", "owner", "until"] as const;
/** A waiver is for a while. */
const longestMs = 366 * 86_400_000;

function waiversOf(text: string): Waiver[] {
  let list: unknown;
  try {
    // A date stays the text that it is.
    list = parseYaml(text, { schema: "failsafe" });
  } catch (cause) {
    throw invalid(waiversFile, (cause as Error).message, cause);
  }
  if (list === null || list === "") return [];
  if (!Array.isArray(list)) throw invalid(waiversFile, "expected a list of waivers");
  return list.map((each: Record<string, unknown>, index) => {
    const missing = keys.filter((key) => typeof each?.[key] !== "string" || each[key] === "");
    if (missing.length > 0) throw invalid(waiversFile, `waiver ${index + 1} lacks ${missing.map((key) => `\`${key}:\``).join(", ")}`);
    const waiver = each as unknown as Waiver;
    const until = Date.parse(waiver.until);
    // The 31st of February would be taken for a day of March.
    if (Number.isNaN(until) || new Date(until).toISOString().slice(0, 10) !== waiver.until)
      throw invalid(waiversFile, `waiver ${index + 1}: \`until:\` is a day, such as 2027-03-31`);
    if (until > Date.now() + longestMs) throw invalid(waiversFile, `waiver ${index + 1}: \`until:\` is more than a year away`);
    return waiver;
  });
}

function invalid(file: string, why: string, cause?: unknown): Problem {
  return new Problem({
    code: "check-file-invalid",
    what: `${file} is not right`,
    why,
    fix: "mend it; docs/lab.md shows both files",
    cause,
  });
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

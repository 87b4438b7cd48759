import type * as z from "zod";
import { nearest } from "./nearest.ts";
import { type Place, Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";
import type { YamlText } from "./yaml-text.ts";

/** One thing that is wrong in a file, in words: `processes.web.scael is unknown: did you mean scale?` */
export interface Flaw {
  readonly place: Place;
  readonly text: string;
}

/** The keys that are known at a path, for advice on one that is not. */
export type KnownKeys = (path: readonly PropertyKey[]) => readonly string[];

/** What a schema found wrong, with its places in the text. */
export function flaws(error: z.ZodError, yaml: YamlText, knownAt: KnownKeys): Flaw[] {
  const issues = error.issues.flatMap((issue) => leaves(issue as z.core.$ZodIssue, []));
  return issues.filter((issue) => !misspelt(issue, issues, knownAt)).flatMap((issue) => flawsOf(issue, yaml, knownAt));
}

/**
 * All flaws of a file at once, so that nobody mends one to be told of the next.
 *
 * @param fix - default what helps with every file of its sort
 */
export function flawed(code: ProblemCode, file: string, list: readonly Flaw[], fix: string = fixes[code] ?? "mend it"): Problem {
  const sorted = [...list].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const first = sorted[0];
  const one = sorted.length === 1 && first;
  return new Problem({
    code,
    what: one ? `${file}:${first.place.line}:${first.place.column} is not right` : `${file} is not right in ${sorted.length} places`,
    why: one ? printable(first.text) : sorted.map(({ place, text }) => `\n  ${place.line}:${place.column} ${printable(text)}`).join(""),
    fix,
    places: sorted.map(({ place }) => place),
  });
}

const fixes: Partial<Record<ProblemCode, string>> = {
  "manifest-invalid": "mend it; docs/reference/manifest.yaml shows every key with its meaning",
  "inventory-invalid": "mend it; docs/reference/inventory.yaml shows every key with its meaning",
  "procfile-invalid": "write each line as `type: command`; comments begin with `#`",
  "app-json-invalid": "mend it; docs/heroku.md says what is read of the file",
  "env-file-invalid": "write each line as `KEY=value`, and quotes around a value that holds `#` or goes on over several lines",
};

/** A key may hold anything, such as the signs with which a terminal is told to do things. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "\uFFFD");
}

/** A union says what each of its branches missed; what lies deeper is more to the point than that none of them fits. */
function leaves(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): readonly z.core.$ZodIssue[] {
  const path = [...above, ...issue.path];
  const own = { ...issue, path } as z.core.$ZodIssue;
  if (issue.code !== "invalid_union") return [own];
  const deep = issue.errors.flat().filter((each) => each.path.length > 0 || each.code === "unrecognized_keys");
  return deep.length > 0 ? deep.flatMap((each) => leaves(each, path)) : [own];
}

/** Whether a missing key stands there under a name that is nearly its own: then it is said once. */
function misspelt(issue: z.core.$ZodIssue, all: readonly z.core.$ZodIssue[], knownAt: KnownKeys): boolean {
  if (!isMissing(issue)) return false;
  const parent = issue.path.slice(0, -1);
  return all.some(
    (other) =>
      other.code === "unrecognized_keys" &&
      other.path.join("\n") === parent.join("\n") &&
      other.keys.some((key) => nearest(key, knownAt(parent)) === issue.path.at(-1)),
  );
}

function flawsOf(issue: z.core.$ZodIssue, yaml: YamlText, knownAt: KnownKeys): Flaw[] {
  const path = issue.path as (string | number)[];
  const name = path.length > 0 ? `\`${path.join(".")}\`` : "the file";
  const place = yaml.place(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = knownAt(path);
        const meant = nearest(key, known);
        const advice = meant ? `did you mean \`${meant}\`?` : `known here: ${known.join(", ")}`;
        return { place: yaml.keyPlace([...path, key]), text: `\`${[...path, key].join(".")}\` is unknown: ${advice}` };
      });
    case "invalid_key":
      return issue.issues.map((each) => ({ place: yaml.keyPlace(path), text: `${name}: expected ${each.message}` }));
    default:
      if (isMissing(issue)) return [{ place, text: `${name} is missing: expected ${issue.message}` }];
      return [{ place, text: `${name}${issue.input === null ? " is empty" : ""}: expected ${issue.message}` }];
  }
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return "input" in issue && issue.input === undefined && issue.path.length > 0;
}

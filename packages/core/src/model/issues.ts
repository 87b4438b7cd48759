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

/** What a schema found wrong, with its places in the text. */
export function flaws(error: z.ZodError, yaml: YamlText, knownAt: (path: readonly PropertyKey[]) => readonly string[]): Flaw[] {
  return error.issues.flatMap((issue) => flawsOf(issue as z.core.$ZodIssue, yaml, knownAt));
}

/** All flaws of a file at once, so that nobody mends one to be told of the next. */
export function flawed(code: ProblemCode, file: string, list: readonly Flaw[]): Problem {
  const sorted = [...list].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const first = sorted[0];
  const one = sorted.length === 1 && first;
  return new Problem({
    code,
    what: one ? `${file}:${first.place.line}:${first.place.column} is not right` : `${file} is not right in ${sorted.length} places`,
    why: one ? first.text : sorted.map(({ place, text }) => `\n  ${place.line}:${place.column} ${text}`).join(""),
    fix: "mend it; docs/reference shows every key with its meaning",
    places: sorted.map(({ place }) => place),
  });
}

function flawsOf(issue: z.core.$ZodIssue, yaml: YamlText, knownAt: (path: readonly PropertyKey[]) => readonly string[]): Flaw[] {
  const path = issue.path as (string | number)[];
  const name = path.join(".") || "the file";
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = knownAt(path);
        const meant = nearest(key, known);
        const advice = meant ? `did you mean \`${meant}\`?` : `known here: ${known.join(", ")}`;
        return { place: yaml.keyPlace([...path, key]), text: `\`${[...path, key].join(".")}\` is unknown: ${advice}` };
      });
    case "invalid_union": {
      const inner = issue.errors.flat().filter((each) => each.path.length > 0 || each.code === "unrecognized_keys");
      const deep = inner.map((each) => ({ ...each, path: [...path, ...each.path] }) as z.core.$ZodIssue);
      if (deep.length > 0) return deep.flatMap((each) => flawsOf(each, yaml, knownAt));
      return [{ place: yaml.place(path), text: `\`${name}\`: expected ${issue.message}` }];
    }
    case "invalid_type":
      if (issue.input === undefined && path.length > 0)
        return [{ place: yaml.place(path), text: `\`${name}\` is missing: expected ${issue.message}` }];
      return [{ place: yaml.place(path), text: `\`${name}\`: expected ${issue.message}` }];
    case "invalid_key":
      return issue.issues.map((each) => ({ place: yaml.keyPlace(path), text: `\`${name}\`: expected ${each.message}` }));
    default:
      return [{ place: yaml.place(path), text: `\`${name}\`: expected ${issue.message}` }];
  }
}

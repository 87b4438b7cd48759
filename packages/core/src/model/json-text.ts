import { Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";
import { type YamlText, yamlText } from "./yaml-text.ts";

/**
 * Reads JSON, and where each part of it stands. JSON is YAML, whose parser knows the places; but not all YAML is JSON, and a file
 * that other tools read too should not be taken here and refused there.
 *
 * @param code - of the Problem that is thrown
 * @throws Problem - not JSON, a key twice; with the place
 */
export function jsonText(text: string, file: string, code: ProblemCode): YamlText {
  const json = text.replace(/^\uFEFF/, "");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw notJson(json, error.message, file, code);
  }
  // A line break within a flow collection may be followed by tabs in JSON alone; as spaces they leave every place where it was.
  return {
    ...yamlText(
      json.replace(/^\t+/gm, (tabs) => " ".repeat(tabs.length)),
      file,
      code,
    ),
    value,
  };
}

/** The engine's own message may quote the text, and so a secret: only its position is used. */
function notJson(text: string, message: string, file: string, code: ProblemCode): Problem {
  const position = /at position (\d+)/.exec(message)?.[1];
  const offset = position === undefined ? (/end of JSON/.test(message) ? text.length : 0) : Number(position);
  const before = text.slice(0, offset).split("\n");
  const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  return new Problem({
    code,
    what: `${file}:${place.line}:${place.column} is not JSON`,
    why: offset >= text.length ? "it ends too early: a bracket or a quote is not closed" : "something else is expected here",
    fix: "look for a missing quote, bracket or comma, a comma too many, or a comment, which JSON does not have",
    places: [place],
  });
}

import { createContext, Script } from "node:vm";
import { grepInvalid } from "@douze/core";

/** Longer than any sound expression takes for one frame. An expression such as `(a+)+$` would otherwise stop the whole engine. */
const timeoutMs = 500;

const search = new Script("texts.map((text) => expression.test(text))");

/** Says for each text whether it matches. */
export type Grep = (texts: readonly string[]) => readonly boolean[];

/**
 * Makes a search of a JavaScript regular expression. It runs where it can be interrupted.
 *
 * @throws Problem log-grep-invalid - it is no regular expression, or (from the search) it takes too long
 */
export function grep(pattern: string): Grep {
  const context = createContext({ expression: compile(pattern), texts: [] });
  return (texts) => {
    context["texts"] = texts;
    try {
      return search.runInContext(context, { timeout: timeoutMs }) as readonly boolean[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      throw grepInvalid(
        pattern,
        `it tries too many ways to match a line (stopped after ${timeoutMs} ms); nested repetitions such as \`(a+)+\` do that`,
      );
    } finally {
      context["texts"] = [];
    }
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) throw grepInvalid(pattern, error.message);
    throw error;
  }
}

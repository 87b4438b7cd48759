import { Problem } from "@douze/core/problem";
import type { ProblemCode } from "@douze/core/problem-codes";
import type { ProblemMessage } from "./agreement.ts";

/** A problem as it travels, with the HTTP status it has before a stream has begun. */
export function problemMessage(problem: Problem): ProblemMessage {
  const { code, what, why, fix, places } = problem.toJSON();
  return { type: `urn:douze:problem:${code}`, status: statusOf(code), code, what, why, fix, places };
}

/** The problem that travelled. Its code may be one of a newer engine. */
export function problemOf({ code, what, why, fix, places }: ProblemMessage): Problem {
  return new Problem({ code: code as ProblemCode, what, why, fix, places });
}

/** Tells a caller that the engine has failed by itself; what it was stands in the engine's own output, since it may name secrets. */
export function defectProblem(): Problem {
  return new Problem({
    code: "engine-defect",
    what: "Douze has failed",
    why: "its engine met something that its authors did not foresee; the details are in its own output",
    fix: "look there and report them; `douze status` shows what still runs",
  });
}

function statusOf(code: ProblemCode): number {
  return statuses[code] ?? (code.endsWith("-unknown") ? 404 : 422);
}

/** Where 404 for what is unknown and 422 for all else would not tell enough. */
const statuses: Partial<Record<ProblemCode, number>> = {
  "engine-defect": 500,
  "engine-not-running": 409,
  "engine-running": 409,
  "engine-stopping": 409,
  "log-grep-invalid": 400,
  "name-invalid": 400,
  "no-release": 409,
  "nothing-to-roll-back-to": 409,
  "request-invalid": 400,
  "request-method-unknown": 405,
  "request-too-large": 413,
  "request-type-unknown": 415,
  "scale-invalid": 400,
};

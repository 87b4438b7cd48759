import type { ProblemCode } from "./problem-codes.ts";

/** A place in a file that a person wrote. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a problem says; all but `cause` and `places` are required, so that nobody can leave one out. */
export interface ProblemText {
  /** Stable; documented in `docs/problems/<code>.md`. */
  readonly code: ProblemCode;
  /** What happened, in one sentence without a full stop. Never holds a secret. */
  readonly what: string;
  /** Why it happened. */
  readonly why: string;
  /** What to do about it, with the command where there is one. */
  readonly fix: string;
  /** Where, when the reader's own file is at fault. */
  readonly places?: readonly Place[];
  readonly cause?: unknown;
}

/** A reader's mistake or a failure of the world, which its reader can act on. Anything else thrown is a defect of Douze. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly places: readonly Place[];

  constructor(text: ProblemText) {
    super(`${text.what}: ${text.why}`, text.cause === undefined ? undefined : { cause: text.cause });
    this.name = "Problem";
    this.code = text.code;
    this.what = text.what;
    this.why = text.why;
    this.fix = text.fix;
    this.places = text.places ?? [];
  }

  /** Without the cause, which may name things that its reader must not see. */
  toJSON(): { code: ProblemCode; what: string; why: string; fix: string; places: readonly Place[] } {
    return { code: this.code, what: this.what, why: this.why, fix: this.fix, places: this.places };
  }
}

/** What the kit can find wrong with an app's surroundings; each is told as {@link Problem}. */
export type ProblemCode =
  | "config-invalid"
  | "library-missing"
  | "process-unknown"
  | "arguments-invalid"
  | "resource-unreachable"
  | "contract-invalid"
  | "listen-failed";

export interface ProblemText {
  readonly code: ProblemCode;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly cause?: unknown;
}

/** Something that whoever runs or configures the app can mend: it is told without a stack, and holds no secret. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly what: string;
  readonly why: string;
  readonly fix: string;

  constructor({ code, what, why, fix, cause }: ProblemText) {
    super(`${what}: ${why}`, { cause });
    this.code = code;
    this.what = what;
    this.why = why;
    this.fix = fix;
  }

  /** For a terminal or a log. */
  get text(): string {
    return `${this.what}\n  why:  ${this.why}\n  fix:  ${this.fix}\n  code: ${this.code}\n`;
  }

  /** By which the process ends for it: 78, EX_CONFIG, which no platform should try again in a loop, or 64, EX_USAGE, or 1. */
  get exitCode(): number {
    if (this.code === "config-invalid" || this.code === "library-missing" || this.code === "contract-invalid") return 78;
    return this.code === "process-unknown" || this.code === "arguments-invalid" ? 64 : 1;
  }
}

import type { AnyCheck } from "../model/check.ts";
import { idOf } from "../model/check.ts";
import type { Examination } from "../model/examination.ts";
import { factorPage, numeralOf } from "../model/factor.ts";
import type { CheckResult } from "../model/result.ts";
import type { Finding, Severity } from "../model/verdict.ts";
import { type Accepted, counts, type Standing } from "../plan/accept.ts";
import type { FactorState, Outcome } from "../plan/outcome.ts";
import { harmless } from "./harmless.ts";

/** Writes a text in a style, or as it is. */
export type Styled = (style: "bold" | "dim" | "red" | "yellow" | "green" | "cyan", text: string) => string;

export interface ReportIn {
  readonly examination: Examination;
  readonly accepted: Accepted;
  readonly outcome: Outcome;
  readonly checks: readonly AnyCheck[];
}

const stateMarks: Readonly<Record<FactorState, readonly [mark: string, style: "green" | "red" | "dim" | "yellow"]>> = {
  holds: ["✓", "green"],
  breaks: ["✗", "red"],
  waived: ["~", "yellow"],
  "not applicable": ["–", "dim"],
  untested: ["?", "yellow"],
};

const severityStyles: Readonly<Record<Severity, "red" | "yellow" | "cyan">> = { error: "red", warning: "yellow", note: "cyan" };

/** The whole report for a terminal: what was found, a screen each, and what it comes to. Pure. */
export function reportText({ examination, accepted, outcome, checks }: ReportIn, styled: Styled): string {
  const lines: string[] = [];
  for (const result of examination.results) {
    const check = checks.find((each) => idOf(each) === result.id);
    if (check) lines.push(...resultLines(result, check, accepted, examination.seed, styled));
  }
  lines.push(...unknownLines(examination.results, styled), "", headline(outcome, styled), ...factorLines(outcome, styled));
  for (const waiver of accepted.unused)
    lines.push(styled("yellow", harmless(`waiver unused: ${waiver.check} ${waiver.subject} (${waiver.owner}); delete it`)));
  if (accepted.gone.length > 0)
    lines.push(styled("dim", `${accepted.gone.length} of the baseline are gone: \`douze check --prune\` takes them out`));
  return lines.join("\n");
}

/** `Holds 9 · Breaks 2 · Not applicable 1 · Untested 0` */
export function headline({ factors, coverage }: Outcome, styled: Styled): string {
  const count = (state: FactorState): number => factors.filter((each) => each.state === state).length;
  const parts = [
    styled("green", `Holds ${count("holds")}`),
    count("breaks") > 0 ? styled("red", `Breaks ${count("breaks")}`) : "Breaks 0",
    ...(count("waived") > 0 ? [styled("yellow", `Waived ${count("waived")}`)] : []),
    `Not applicable ${count("not applicable")}`,
    count("untested") > 0 ? styled("yellow", `Untested ${count("untested")}`) : "Untested 0",
  ];
  return `${styled("bold", parts.join(" · "))}   ${styled("dim", `${coverage.tested} of ${coverage.of} core checks came to a verdict`)}`;
}

function factorLines({ factors }: Outcome, styled: Styled): string[] {
  const names = factors.map(({ factor, state }) => {
    const [mark, style] = stateMarks[state];
    return `${styled(style, mark)} ${numeralOf(factor).padEnd(5)}${factor.padEnd(19)}`;
  });
  return Array.from({ length: 4 }, (_, row) => `  ${[0, 1, 2].map((column) => names[row + column * 4] ?? "").join(" ")}`.trimEnd());
}

function resultLines(result: CheckResult, check: AnyCheck, { findings }: Accepted, seed: string, styled: Styled): string[] {
  const { ruling, code } = result;
  if (ruling.verdict !== "fail") return [];
  const own = findings.filter(({ id }) => id === result.id);
  return own.flatMap(({ finding, standing }) => {
    const mark = counts(standing)
      ? styled(severityStyles[finding.severity], finding.severity === "note" ? "NOTE" : finding.severity === "warning" ? "WARN" : "FAIL")
      : styled("dim", standing.kind);
    const runs = result.runs.length > 1 ? `${result.runs.filter((each) => each === "fail").length}/${result.runs.length} runs` : "";
    const head = [mark, styled("bold", code.padEnd(28)), ruling.confidence, finding.severity, runs].filter(Boolean).join("  ");
    return [
      "",
      head,
      ...findingLines(finding, check, result, styled),
      ...standingLines(standing, styled),
      row("again", `douze check --only ${code} --seed ${seed}`, styled),
    ];
  });
}

function findingLines(finding: Finding, check: AnyCheck, { trials }: CheckResult, styled: Styled): string[] {
  const { where, fix } = finding;
  const trial = trials.find(({ subject }) => subject === finding.subject);
  const said = trial && harmless(`with ${trial.says} it ${trial.holds ? "passes" : "still fails"} (${trial.what})`);
  const tried = trial ? `   ${styled(trial.holds ? "green" : "yellow", `tried: ${said}`)}` : "";
  const line = where?.line === undefined ? "" : `:${where.line}`;
  const text = where?.text === undefined ? "" : `   ${where.text}`;
  return [
    row("what", harmless(finding.what), styled),
    ...(finding.details ?? []).map((detail) => row("", harmless(detail), styled)),
    ...(where ? [row("where", harmless(`${where.file}${line}${text}`), styled)] : []),
    row("control", harmless(finding.control), styled),
    row("norm", `${factorPage(check.factor).replace("https://", "")} ${check.norm}`, styled),
    ...(fix ? [row("fix", `${harmless(fix.text)}${tried}`, styled)] : []),
  ];
}

function standingLines(standing: Standing, styled: Styled): string[] {
  switch (standing.kind) {
    case "new":
      return [];
    case "known":
      return [row("known", "it is in the baseline", styled)];
    case "waived":
      return [row("waived", harmless(`by ${standing.waiver.owner} until ${standing.waiver.until}: ${standing.waiver.reason}`), styled)];
    case "expired":
      return [row("waiver", styled("red", harmless(`expired on ${standing.waiver.until} (${standing.waiver.owner})`)), styled)];
  }
}

function unknownLines(results: readonly CheckResult[], styled: Styled): string[] {
  const unknown = results.flatMap(({ code, ruling }) => (ruling.verdict === "unknown" ? [{ code, ruling }] : []));
  if (unknown.length === 0) return [];
  // One cause that keeps many from being told is said once.
  const groups = [...Map.groupBy(unknown, ({ ruling }) => `${ruling.reason}: ${ruling.because}`).values()];
  return [
    "",
    ...groups.flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const codes = group.map(({ code }) => code);
      const named = codes.length > 4 ? `${codes.slice(0, 3).join(", ")} and ${codes.length - 3} more` : codes.join(", ");
      return [
        `${styled("yellow", "?   ")}  ${named}  ${styled("dim", first.ruling.reason)}`,
        row("why", harmless(first.ruling.because), styled),
        row("add", harmless(first.ruling.add), styled),
      ];
    }),
  ];
}

function row(name: string, text: string, styled: Styled): string {
  return `  ${styled("dim", name.padEnd(8))}${text}`;
}

/** A line for each check as it ends. */
export function resultLine({ code, ruling, tookMs }: CheckResult, styled: Styled): string {
  const [mark, text] =
    ruling.verdict === "pass"
      ? [styled("green", "pass"), ruling.what]
      : ruling.verdict === "fail"
        ? [styled(severityStyles[ruling.findings[0].severity], "fail"), ruling.findings[0].what]
        : ruling.verdict === "unknown"
          ? [styled("yellow", "?   "), ruling.because]
          : [styled("dim", "n/a "), ruling.because];
  return `${mark}  ${code.padEnd(28)} ${styled("dim", `${(tookMs / 1000).toFixed(1)}s`.padStart(6))}  ${harmless(text)}`;
}

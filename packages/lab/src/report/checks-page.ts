import { type AnyCheck, codeOf, idOf } from "../model/check.ts";
import { factorNames, factorPage, numeralOf } from "../model/factor.ts";

/** `docs/reference/checks.md`: all checks, in the words of `--explain`. Pure. */
export function checksPage(checks: readonly AnyCheck[]): string {
  const factors = factorNames.map((factor) => ({ factor, own: checks.filter((check) => check.factor === factor) }));
  const rows = checks.map(
    (check) =>
      `| [${codeOf(check)}](#${anchor(codeOf(check))}) | ${check.core ? "core" : ""} | ${check.profile} | ${check.severity} | ${capital(check.claim)} |`,
  );
  return `${[
    "# The checks of `douze check`",
    "<!-- Generated from packages/lab/src/factors by `node --conditions=douze-source packages/lab/scripts/reference.ts`. Do not edit. -->",
    "What each is, as `douze check --explain <check>` prints it. [The lab](../lab.md) says how a verdict is earned, and what the words mean.",
    ["| check | | profile | weighs at most | an app that holds it |", "|---|---|---|---|---|", ...rows].join("\n"),
    ...factors.flatMap(({ factor, own }) => [
      `## ${numeralOf(factor)} ${capital(factor.replaceAll("-", " "))}`,
      `<${factorPage(factor)}>`,
      ...own.flatMap(sectionOf),
    ]),
  ].join("\n\n")}\n`;
}

function sectionOf(check: AnyCheck): string[] {
  const facts = [
    `\`${idOf(check)}\``,
    check.kind === "static" ? "reads the codebase" : "runs the app",
    `profile \`${check.profile}\``,
    ...(check.core ? ["core"] : []),
    `at most ${check.severity}`,
    ...(check.needs.length > 0 ? [`needs ${check.needs.join(", ")}`] : []),
  ];
  return [
    `### ${codeOf(check)}`,
    facts.join(" · "),
    `${capital(check.claim)}.`,
    `> ${check.norm}`,
    check.method.map((step, index) => `${index + 1}. ${step}`).join("\n"),
    `False alarms that were met, and how they are avoided:\n\n${check.guards.map((guard) => `- ${guard}`).join("\n")}`,
    ...(check.limits === undefined ? [] : [`Limits: ${check.limits}`]),
  ];
}

/** As pages of repositories make it of a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\w -]/g, "");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

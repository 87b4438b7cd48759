import { type AnyCheck, codeOf, idOf } from "../model/check.ts";
import { factorPage, numeralOf } from "../model/factor.ts";
import type { CheckResult } from "../model/result.ts";
import type { Accepted } from "../plan/accept.ts";
import { escapeHtml as text } from "./escape-html.ts";
import { style } from "./html-style.ts";
import type { ReportIn } from "./text.ts";
import { timelineSvg } from "./timeline-svg.ts";

/** One page, with nothing that is fetched from elsewhere: factors at a glance, findings with what happened when, and every check. Pure. */
export function htmlReport(report: ReportIn): string {
  const { examination, outcome } = report;
  const breaks = outcome.factors.filter(({ state }) => state === "breaks").length;
  const count = (state: string): number => outcome.factors.filter((each) => each.state === state).length;
  const when = new Date(examination.startedAt).toISOString().slice(0, 16).replace("T", " ");
  const commit =
    examination.commit === undefined ? "" : ` · ${examination.commit.slice(0, 10)}${examination.dirty ? " and what is not committed" : ""}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(examination.app)}: twelve factors</title><style>${style}</style></head><body>
<header><p class="kicker">douze check</p><h1>${text(examination.app)}</h1>
<p class="sub">${when} UTC${text(commit)} · profile ${examination.profile} · seed ${text(examination.seed)} · ${(examination.tookMs / 1000).toFixed(0)} s</p>
<p class="headline ${breaks > 0 ? "bad" : "good"}">Holds ${count("holds")} · Breaks ${breaks}${count("waived") > 0 ? ` · Waived ${count("waived")}` : ""} · Not applicable ${count("not applicable")} · Untested ${count("untested")}
<small>${outcome.coverage.tested} of ${outcome.coverage.of} core checks came to a verdict</small></p></header>
<section class="factors">${outcome.factors.map(({ factor, state }) => `<a class="factor ${state.replace(" ", "-")}" href="#${factor}"><b>${numeralOf(factor)}</b><span>${text(factor.replaceAll("-", " "))}</span><em>${state}</em></a>`).join("")}</section>
${findingCards(report)}
<section><h2>All checks</h2>${outcome.factors.map(({ factor }) => factorSection(factor, report)).join("")}</section>
<footer><h2>The machine</h2><dl>${Object.entries(examination.capabilities)
    .map(([name, state]) => `<dt>${name}</dt><dd>${text(state.there ? state.says : `not there: ${state.says}. ${state.add}`)}</dd>`)
    .join("")}</dl></footer>
</body></html>
`;
}

function findingCards({ examination, accepted, checks }: ReportIn): string {
  const cards = examination.results.flatMap((result) => {
    const check = checks.find((each) => idOf(each) === result.id);
    return check && result.ruling.verdict === "fail" ? [findingCard(result, check, accepted, examination.seed)] : [];
  });
  return cards.length === 0
    ? `<section><h2>Findings</h2><p class="none">None.</p></section>`
    : `<section><h2>Findings</h2>${cards.join("")}</section>`;
}

function findingCard(result: CheckResult, check: AnyCheck, { findings }: Accepted, seed: string): string {
  const own = findings.filter(({ id }) => id === result.id);
  const body = own.map(({ finding, standing }) => {
    const trial = result.trials.find(({ subject }) => subject === finding.subject);
    const tried = trial
      ? `<span class="${trial.holds ? "verified" : "refuted"}">${trial.holds ? "tried: it passes" : "tried: it still fails"} with ${text(trial.says)} (${text(trial.what)})</span>`
      : "";
    const rows = [
      ["control", text(finding.control)],
      ...(finding.where
        ? [["where", `<code>${text(finding.where.file)}${finding.where.line === undefined ? "" : `:${finding.where.line}`}</code>`]]
        : []),
      ["norm", `<a href="${factorPage(check.factor)}">12factor.net/${check.factor}</a> ${text(check.norm)}`],
      ...(finding.fix ? [["fix", `${text(finding.fix.text)} ${tried}`]] : []),
      ...(standing.kind === "new"
        ? []
        : [
            [
              "standing",
              text(
                standing.kind === "known"
                  ? "in the baseline"
                  : `${standing.kind}: ${standing.waiver.reason} (${standing.waiver.owner}, until ${standing.waiver.until})`,
              ),
            ],
          ]),
    ];
    const details = finding.details?.length ? `<pre>${text(finding.details.join("\n"))}</pre>` : "";
    return `<div class="finding ${finding.severity}"><p class="what">${text(finding.what)}</p>${details}<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("")}</dl></div>`;
  });
  const confidence = result.ruling.verdict === "fail" ? result.ruling.confidence : "";
  const runs = result.runs.length > 1 ? ` · ${result.runs.filter((each) => each === "fail").length} of ${result.runs.length} runs` : "";
  return `<article id="${result.id.replace("/", "-")}"><h3>${text(result.code)} <small>${confidence}${runs}</small></h3><p class="claim">${text(check.claim)}</p>${body.join("")}
${timelineSvg(result.timeline)}<p class="again"><code>douze check --only ${text(result.code)} --seed ${text(seed)}</code></p></article>`;
}

function factorSection(factor: Parameters<typeof numeralOf>[0], { examination, checks }: ReportIn): string {
  const rows = examination.results
    .filter(({ id }) => id.startsWith(`${factor}/`))
    .map((result) => {
      const { ruling } = result;
      const check = checks.find((each) => codeOf(each) === result.code);
      const said = ruling.verdict === "pass" ? ruling.what : ruling.verdict === "fail" ? ruling.findings[0].what : ruling.because;
      const more =
        ruling.verdict === "pass"
          ? `power: ${ruling.power}`
          : ruling.verdict === "unknown"
            ? `${ruling.reason}; to make it testable: ${ruling.add}`
            : "";
      return `<details class="${ruling.verdict}"><summary><b>${ruling.verdict}</b> <code>${text(result.code)}</code> ${text(said)} <small>${(result.tookMs / 1000).toFixed(1)} s</small></summary>
<p>${text(check?.claim ?? "")}. ${text(more)}</p>${ruling.verdict === "fail" ? "" : timelineSvg(result.timeline)}</details>`;
    });
  return `<h3 id="${factor}">${numeralOf(factor)} ${text(factor.replaceAll("-", " "))}</h3>${rows.join("") || `<p class="none">Nothing of it was tried.</p>`}`;
}

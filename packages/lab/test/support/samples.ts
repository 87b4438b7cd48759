import { codeOf, idOf } from "../../src/model/check.ts";
import type { Examination } from "../../src/model/examination.ts";
import type { CheckResult } from "../../src/model/result.ts";
import type { Finding, Ruling } from "../../src/model/verdict.ts";
import { failOr, inapplicable, pass, unknown } from "../../src/model/verdict.ts";
import { accept, type Baseline, type Waiver } from "../../src/plan/accept.ts";
import { findingsOf } from "../../src/plan/fingerprint.ts";
import { outcomeOf } from "../../src/plan/outcome.ts";
import { checks } from "../../src/registry.ts";
import type { ReportIn } from "../../src/report/text.ts";

/** What tests of plans and of reports are about: an examination with one of each. */

/** Text that an app may print, and that no report may take for its own. */
export const hostile = `<script src="https://evil.example/x.js">alert('1')</script> & "quoted" ]]> \u0007`;

export const passed: Ruling = pass("it ended", "4 requests were under way");
export const told: Ruling = inapplicable("it has no worker");
export const untold: Ruling = unknown("needs-hint", "no round trip was found", "say one under `check:`");

export function finding(subject: string, more: Partial<Finding> = {}): Finding {
  return { subject, severity: "error", what: `${subject} was lost`, control: "without the signal nothing was lost", ...more };
}

export function failed(...findings: readonly [Finding, ...Finding[]]): Ruling {
  return failOr(findings, "proven", passed);
}

export function result(id: string, ruling: Ruling, more: Partial<CheckResult> = {}): CheckResult {
  const check = checks.find((each) => idOf(each) === id);
  if (!check) throw new Error(`there is no check ${id}`);
  return {
    id,
    code: codeOf(check),
    ruling,
    runs: [ruling.verdict],
    trials: [],
    timeline: [],
    evidence: { seen: 1 },
    tookMs: 1_250,
    seed: "a1",
    ...more,
  };
}

export function examination(results: readonly CheckResult[]): Examination {
  return {
    app: "shop",
    directory: "/srv/shop",
    commit: "0123456789abcdef0123456789abcdef01234567",
    dirty: true,
    build: "sha256:ab",
    startedAt: Date.UTC(2026, 10, 27, 12, 30),
    tookMs: 61_000,
    profile: "standard",
    seed: "a1",
    capabilities: {
      sandbox: { there: true, says: "namespaces and overlays" },
      trace: { there: false, says: "strace is not installed", add: "install strace" },
      git: { there: true, says: "git" },
      engines: { there: true, says: "each is started when it is needed" },
    },
    processes: [{ type: "web", command: "node web.js", declared: "node web.js", from: "douze.yaml", routed: true }],
    services: [{ name: "db", type: "postgres", variable: "DATABASE_URL", required: true, from: "douze.yaml" }],
    baseline: {
      started: true,
      startMs: 210,
      web: {
        type: "web",
        pages: [{ path: "/", status: 200, tookMs: 3, services: ["db"], slow: false, isHealth: false }],
        roundtrip: { way: { kind: "form", page: "/" }, from: "the form at /" },
      },
      others: [{ type: "worker", stayed: true, lines: ["waiting"] }],
      migrated: { ok: true, lines: [] },
    },
    results,
  };
}

const lost = finding("web", {
  what: `8 of 11 requests were lost: ${hostile}`,
  details: [hostile, "GET / cut off after 9 ms"],
  where: { file: "src/web server.js", line: 41, text: "process.on('SIGTERM', () => process.exit(0))" },
  fix: { text: "close the server first", change: { says: "NODE_ENV=production", env: { NODE_ENV: "production" } } },
});

/** One of each verdict, and of each standing. */
export const whole: Examination = examination([
  result("codebase/tracked", passed),
  result("config/secret-in-tree", failOr([finding("a.js: a GitHub token", { where: { file: "a.js" } })], "exact", passed)),
  result("disposability/sigterm-in-flight", failed(lost, finding("worker", { severity: "note" })), {
    runs: ["fail", "fail", "fail"],
    trials: [{ subject: "web", says: "NODE_ENV=production", holds: false, what: "7 of 11 were lost" }],
    timeline: [
      { at: 1_000, who: "web.1", what: "started" },
      { at: 1_500, who: "lab", what: `asks ${hostile}` },
      { at: 2_000, who: "web.1", what: "SIGTERM to the process" },
      { at: 2_100, who: "web.1", what: "ended with exit code 0", untilAt: 2_200 },
    ],
  }),
  result("disposability/sigterm-exit", failed(finding("web"))),
  result("disposability/startup", failed(finding("web", { severity: "warning" }))),
  result("disposability/worker-returns-job", told),
  result("processes/data-visible-everywhere", untold),
  result("logs/unbuffered", failed(finding("stdout", { severity: "warning" }))),
]);

export const waivers: readonly Waiver[] = [
  { check: "IX.sigterm-exit", subject: "*", reason: "until the queue is replaced", owner: "ana", until: "2027-01-31" },
  { check: "logs/unbuffered", subject: "std*", reason: "the base image", owner: "bob", until: "2026-01-31" },
  { check: "I.tracked", subject: "x", reason: "once", owner: "eve", until: "2027-01-31" },
];

export const baseline: Baseline = { "disposability/startup: web": "warning", "codebase/tracked: old.log": "note" };

/** A report's ingredients, as the command puts them together. */
export function reportOf(about: Examination, accepted: { readonly baseline: Baseline; readonly waivers: readonly Waiver[] }): ReportIn {
  const ran = new Set(about.results.filter(({ ruling }) => ruling.verdict !== "unknown").map(({ id }) => id));
  const held = accept(findingsOf(about), { ...accepted, today: "2026-11-27", ran });
  return { examination: about, accepted: held, outcome: outcomeOf(about, held, checks), checks };
}

export const report: ReportIn = reportOf(whole, { baseline, waivers });

import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Problem } from "@douze/core/problem";
import type { AcceptedFiles, AnyCheck, Examination, Severity } from "@douze/lab";
import { reportWriter, writeReports } from "./check-reports.ts";
import type { Context } from "./context.ts";
import { cellText } from "./print.ts";

/** Options of `douze check`, as they are written. */
export interface CheckOptions {
  readonly profile: "static" | "standard" | "deep";
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly start?: string;
  readonly seed?: string;
  readonly replay?: string;
  readonly report?: readonly string[];
  readonly failOn: Severity;
  readonly maxUnknown?: number;
  readonly reportOnly?: boolean;
  readonly fixes: boolean;
  readonly writeBaseline?: boolean;
  readonly prune?: boolean;
  readonly probe?: boolean;
  readonly list?: boolean;
  readonly explain?: string;
}

type LabPackage = typeof import("@douze/lab");

/** Does what the options of `douze check` ask for. */
export async function runCheckCommand(
  folder: string | undefined,
  options: CheckOptions,
  context: Context,
  dir: string | undefined,
): Promise<void> {
  const lab = await import("@douze/lab");
  if (options.list) return listChecks(lab, context);
  if (options.explain !== undefined) return explain(lab, options.explain, context);
  if (options.probe) return await probe(lab, context);
  const directory = resolve(dir ?? ".", folder ?? ".");
  if (!(await stat(directory).catch(() => undefined))?.isDirectory()) {
    throw new Problem({
      code: "app-not-found",
      what: `there is no folder ${directory}`,
      why: "an app is checked where its files are",
      fix: "name the app's folder: `douze check ../shop`",
    });
  }
  // What is wrong with files is said now, and not after minutes.
  for (const file of options.report ?? []) reportWriter(file);
  const files = await lab.readAccepted(directory);
  const before = options.replay === undefined ? undefined : await replayed(options.replay);
  const examination = await examineIn(lab, directory, before ? { ...options, ...before.options } : options, context);
  await conclude(lab, { directory, files, options, context, examination, before: before?.examination });
}

async function examineIn(lab: LabPackage, directory: string, options: CheckOptions, { env, paper, json }: Context): Promise<Examination> {
  const chosen = chooseChecks(lab, options);
  const [{ randomBytes }, end] = [await import("node:crypto"), new AbortController()];
  const stop = (): void =>
    end.abort(
      new Problem({
        code: "check-interrupted",
        what: "the check was interrupted",
        why: "it was told to end",
        fix: "run it again; nothing of it is left running",
      }),
    );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const styled = paper.asideStyled;
  const store = join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "douze", "check");
  let doing = "";
  const began = performance.now();
  return await lab.examine({
    directory,
    profile: options.profile,
    checks: chosen,
    seed: options.seed ?? randomBytes(3).toString("hex"),
    ...(options.start !== undefined && { start: options.start }),
    store: join(store, "builds"),
    cache: join(store, "packages"),
    path: env["PATH"] ?? "/usr/bin:/bin",
    tries: options.fixes,
    signal: end.signal,
    onProgress: (event) => {
      if (json) return;
      if (event.kind === "result")
        paper.aside(
          cellText(lab.resultLine(event.result, (_, text) => text)).replace(/^(pass|fail|\? {4}|n\/a )/, (mark) =>
            styled(mark === "pass" ? "green" : mark === "fail" ? "red" : "dim", mark),
          ),
        );
      else {
        doing = event.kind === "stage" ? event.text : `${event.code}: ${event.text}`;
        if (event.kind === "stage" && !paper.live) paper.aside(styled("dim", event.text));
        paper.live?.(() =>
          styled("dim", `${Math.round((performance.now() - began) / 1000)}s  ${cellText(doing)}`.slice(0, paper.asideWidth - 1)),
        );
      }
    },
  });
}

interface Concluded {
  readonly directory: string;
  readonly files: AcceptedFiles;
  readonly options: CheckOptions;
  readonly context: Context;
  readonly examination: Examination;
  readonly before: Examination | undefined;
}

async function conclude(
  lab: LabPackage,
  { directory, files, options, context: { paper, json }, examination, before }: Concluded,
): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const ran = new Set(examination.results.filter(({ ruling }) => ruling.verdict !== "unknown").map(({ id }) => id));
  const found = lab.findingsOf(examination);
  const held = { ...files, today, ran };
  const first = lab.accept(found, held);
  const baseline = changedBaseline(first, files.baseline, options);
  if (baseline) paper.aside(`wrote ${await lab.writeBaseline(directory, baseline)}`);
  // What is reported is what a next run would say.
  const accepted = baseline ? lab.accept(found, { ...held, baseline }) : first;
  const report = { examination, accepted, outcome: lab.outcomeOf(examination, accepted, lab.checks), checks: lab.checks };
  if (json) paper.json(lab.jsonReport(report));
  else paper.line(lab.reportText(report, paper.styled));
  if (before && !json) paper.line(differences(before, examination));
  // After it was shown: a file that cannot be written takes nothing with it.
  await writeReports(lab, report, options.report ?? [], options.failOn);
  if (options.reportOnly) return;
  const limits = { failOn: options.failOn, ...(options.maxUnknown !== undefined && { maxUnknown: options.maxUnknown }) };
  process.exitCode = lab.exitCode(examination, accepted, limits);
}

/** Without what is gone, and with what is new where that is asked for; nothing where the file stays as it is. */
function changedBaseline(
  { findings, gone }: ReturnType<LabPackage["accept"]>,
  baseline: Readonly<Record<string, Severity>>,
  { writeBaseline, prune }: CheckOptions,
): Readonly<Record<string, Severity>> | undefined {
  if (!writeBaseline && !prune) return undefined;
  const kept = Object.entries(baseline).filter(([fingerprint]) => !gone.includes(fingerprint));
  const added = findings.filter(({ standing, mayBeKnown }) => writeBaseline && mayBeKnown && ["new", "known"].includes(standing.kind));
  return Object.fromEntries([...kept, ...added.map(({ fingerprint, finding }) => [fingerprint, finding.severity] as const)]);
}

function differences(before: Examination, now: Examination): string {
  const verdicts = new Map(before.results.map(({ code, ruling }) => [code, ruling.verdict]));
  const changed = now.results.filter(({ code, ruling }) => verdicts.get(code) !== ruling.verdict);
  if (changed.length === 0) return "\nThe replay came to the same verdicts.";
  return [
    "\nThe replay differs:",
    ...changed.map(({ code, ruling }) => `  ${code}: ${verdicts.get(code) ?? "not run"} before, ${ruling.verdict} now`),
  ].join("\n");
}

async function replayed(file: string): Promise<{ options: Partial<CheckOptions>; examination: Examination }> {
  let examination: Examination;
  try {
    examination = JSON.parse(await readFile(file, "utf8")) as Examination;
    if (!Array.isArray(examination.results)) throw new SyntaxError("there are no results in it");
  } catch (cause) {
    throw new Problem({
      code: "check-file-invalid",
      what: `${file} is no report of \`douze check\``,
      why: (cause as Error).message,
      fix: "name a file that `douze check --report file.json` wrote",
      cause,
    });
  }
  return {
    examination,
    options: { seed: examination.seed, profile: examination.profile, only: examination.results.map(({ code }) => code) },
  };
}

function chooseChecks(lab: LabPackage, { only, skip = [] }: CheckOptions): readonly AnyCheck[] {
  const named = (name: string): readonly AnyCheck[] => {
    const factor = lab.checks.filter(
      (check) => lab.codeOf(check).split(".")[0] === name.toUpperCase() || check.factor === name.toLowerCase(),
    );
    const found = factor.length > 0 ? factor : [lab.findCheck(name)].filter((check) => check !== undefined);
    if (found.length === 0) throw unknownCheck(name);
    return found;
  };
  const left = new Set(skip.flatMap(named));
  const wanted = only === undefined ? lab.checks : lab.checks.filter((check) => only.some((name) => named(name).includes(check)));
  return wanted.filter((check) => !left.has(check));
}

function unknownCheck(name: string): Problem {
  return new Problem({
    code: "check-unknown",
    what: `there is no check ${name}`,
    why: "checks are named by their factor and what they look at, such as IX.sigterm-exit",
    fix: "`douze check --list` lists them",
  });
}

function listChecks(lab: LabPackage, { paper, json }: Context): void {
  if (json)
    return paper.json(
      lab.checks.map((check) => ({
        code: lab.codeOf(check),
        id: lab.idOf(check),
        claim: check.claim,
        kind: check.kind,
        profile: check.profile,
        core: check.core,
        severity: check.severity,
      })),
    );
  for (const check of lab.checks)
    paper.line(`${lab.codeOf(check).padEnd(30)}${(check.core ? "core" : "").padEnd(6)}${check.kind.padEnd(9)}${check.claim}`);
}

function explain(lab: LabPackage, name: string, { paper, json }: Context): void {
  const check = lab.findCheck(name);
  if (!check) throw unknownCheck(name);
  const { observe: _observe, judge: _judge, ...told } = check;
  if (json) paper.json({ code: lab.codeOf(check), id: lab.idOf(check), ...told });
  else paper.line(lab.explanation(check));
}

async function probe(lab: LabPackage, { paper, json }: Context): Promise<void> {
  const capabilities = await lab.probe();
  if (json) return paper.json(capabilities);
  for (const [name, state] of Object.entries(capabilities))
    paper.line(`${name.padEnd(9)}${state.there ? `yes   ${state.says}` : `no    ${state.says}: ${state.add}`}`);
}

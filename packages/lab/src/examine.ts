import { homedir } from "node:os";
import { Problem } from "@douze/core";
import { Chance } from "./chance.ts";
import { type Codebase, openCodebase } from "./codebase/codebase.ts";
import { findBaseline } from "./discover/baseline.ts";
import { buildSubject } from "./discover/make-build.ts";
import { readSubject } from "./discover/subject.ts";
import type { Lab } from "./lab.ts";
import { type MachineFailure, machineFailure } from "./machine-failure.ts";
import type { Baseline } from "./model/baseline.ts";
import type { Capabilities } from "./model/capability.ts";
import { type AnyCheck, codeOf, idOf, type Profile } from "./model/check.ts";
import type { Examination } from "./model/examination.ts";
import type { CheckResult } from "./model/result.ts";
import type { Subject, SubjectBuild } from "./model/subject.ts";
import type { TimelineEvent } from "./model/timeline.ts";
import { unknown } from "./model/verdict.ts";
import { errorLine } from "./plan/telling-line.ts";
import { isIn, runCheck } from "./runner.ts";
import { probeSandbox, type SandboxProbe } from "./sandbox/probe.ts";
import { measureSlowness } from "./slowness.ts";
import { MigrationFailed, Workshop } from "./workshop.ts";

/** What is to be examined, and how. */
export interface ExamineRequest {
  readonly directory: string;
  readonly profile: Profile;
  /** In their order. */
  readonly checks: readonly AnyCheck[];
  readonly seed: string;
  /** Starts the app, in place of what is found. */
  readonly start?: string;
  /** Where builds, and what package managers fetched, are kept. */
  readonly store: string;
  readonly cache: string;
  readonly path: string;
  /** Whether fixes are tried. */
  readonly tries: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ExamineProgress) => void;
}

export type ExamineProgress =
  | { readonly kind: "stage"; readonly text: string }
  | { readonly kind: "check"; readonly code: string; readonly text: string }
  | { readonly kind: "result"; readonly result: CheckResult };

/**
 * Examines an app: finds out what it is, builds it, runs it undisturbed, and then does things to it.
 *
 * @throws Problem - of the manifest or of the build; check-no-start where it does not run even undisturbed is none: the checks are unknown then
 */
export async function examine(request: ExamineRequest): Promise<Examination> {
  const { directory, profile, signal, onProgress } = request;
  const startedAt = Date.now();
  const tell = (text: string): void => onProgress({ kind: "stage", text });
  const chance = new Chance(request.seed);
  const [codebase, subject] = await Promise.all([
    openCodebase(directory),
    readSubject({ directory, chance: chance.of("values"), ...(request.start !== undefined && { start: request.start }) }),
  ]);
  await using workshop = await Workshop.open(request.path);
  const wanted = request.checks.filter((check) => isIn(check, profile));
  const isDynamic = wanted.some(({ kind }) => kind === "dynamic");
  if (isDynamic) tell("looks at what this machine can do");
  const probe = isDynamic ? await probeSandbox(workshop.folder) : undefined;
  const capabilities = capabilitiesOf(probe, codebase);
  const prepared =
    isDynamic && probe?.there ? await prepare(request, { codebase, subject, capabilities, probe, workshop, chance, tell }) : undefined;
  const results: CheckResult[] = [];
  for (const check of wanted) {
    signal.throwIfAborted();
    const told = (text: string): void => onProgress({ kind: "check", code: codeOf(check), text });
    told(check.claim);
    const result = await examineOne(check, { request, codebase, subject, capabilities, probe, workshop, prepared, chance, told });
    results.push(result);
    onProgress({ kind: "result", result });
  }
  return {
    app: subject.app,
    directory,
    startedAt,
    tookMs: Date.now() - startedAt,
    profile,
    seed: request.seed,
    capabilities,
    processes: subject.processes,
    services: subject.services,
    results,
    ...(codebase.commit !== undefined && { commit: codebase.commit }),
    dirty: codebase.dirty,
    ...(prepared?.build && { build: prepared.build.digest }),
    ...(prepared?.baseline && { baseline: prepared.baseline }),
  };
}

/** The build, and what the app does undisturbed. */
interface Prepared {
  readonly build?: SubjectBuild;
  readonly baseline: Baseline;
  readonly slowness: number;
}

interface Known {
  readonly codebase: Codebase;
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  readonly probe: Extract<SandboxProbe, { there: true }>;
  readonly workshop: Workshop;
  readonly chance: Chance;
  readonly tell: (text: string) => void;
}

async function prepare(request: ExamineRequest, known: Known): Promise<Prepared> {
  const { directory, store, cache, path, signal } = request;
  const { subject, tell, chance } = known;
  tell("builds it");
  let build: SubjectBuild;
  try {
    build = await buildSubject({ directory, store, cache, path, home: homedir(), signal, tell });
  } catch (error) {
    signal.throwIfAborted();
    const failure = error instanceof Problem ? undefined : machineFailure(error);
    if (failure) return { baseline: notRun(failure), slowness: 1 };
    if (!(error instanceof Problem)) throw error;
    const said = error.why.split("\n");
    const cause = errorLine(said);
    const because = `it could not be built: ${error.what}${cause === undefined ? "" : `: ${cause.slice(0, 300)}`}`;
    return { baseline: { started: false, because, lines: [...said, error.fix] }, slowness: 1 };
  }
  const slowness = await measureSlowness();
  tell("runs it undisturbed");
  const lab = labOf({ request, known: { ...known }, build, slowness, chance: chance.of("baseline"), told: tell, timeline: [], subject });
  return { build, slowness, baseline: await baselineOf(lab) };
}

/** Where the release task fails, what can be seen without it: whether it ships with the release is a check of its own. */
async function baselineOf(lab: Omit<Lab, "baseline">): Promise<Baseline> {
  try {
    return await findBaseline(lab);
  } catch (error) {
    lab.signal.throwIfAborted();
    const failure = machineFailure(error);
    if (failure) return notRun(failure);
    if (!(error instanceof MigrationFailed)) throw error;
    const { lines, message } = error;
    const without = await findBaseline({ ...lab, sandbox: (options) => lab.sandbox({ ...options, migrated: false }) });
    return without.started ? { ...without, migrated: { ok: false, lines } } : { started: false, because: message, lines };
  }
}

function notRun({ reason, because, add }: MachineFailure): Baseline {
  return { started: false, reason, because, lines: [add] };
}

interface LabParts {
  readonly request: ExamineRequest;
  readonly known: Known;
  readonly build: SubjectBuild;
  readonly subject: Subject;
  readonly slowness: number;
  readonly chance: Chance;
  readonly told: (text: string) => void;
  readonly timeline: TimelineEvent[];
}

function labOf({ request, known, build, subject, slowness, chance, told, timeline }: LabParts): Omit<Lab, "baseline"> {
  return {
    subject,
    codebase: known.codebase,
    capabilities: known.capabilities,
    profile: request.profile,
    build,
    chance,
    signal: request.signal,
    slowness,
    tell: told,
    buildCommit: (ref) => {
      const { directory, store, cache, path, signal } = request;
      return buildSubject({ directory, ref, store, cache, path, home: homedir(), signal, tell: told });
    },
    sandbox: async (options) => {
      request.signal.throwIfAborted();
      const firstPort = chance.of("ports").whole(20_000, 29_000);
      return await known.workshop.sandbox(
        { tools: known.probe.tools, subject, build, firstPort, slowness, tell: (event) => timeline.push(event) },
        options,
      );
    },
  };
}

interface OneParts {
  readonly request: ExamineRequest;
  readonly codebase: Codebase;
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  readonly probe: SandboxProbe | undefined;
  readonly workshop: Workshop;
  readonly prepared: Prepared | undefined;
  readonly chance: Chance;
  readonly told: (text: string) => void;
}

/** Of an app that did not come up, and for checks that run nothing. */
const nothingSeen: Lab["baseline"] = { started: true, startMs: 0, others: [] };

const toStart =
  "make it start: in the manifest `build:` says what makes it, `processes:` (or `--start`) what starts it, `config:` (or .env.example) its variables, `resources:` its services";

async function examineOne(check: AnyCheck, parts: OneParts): Promise<CheckResult> {
  const { request, prepared, probe } = parts;
  const { seed, profile, tries } = request;
  const none = { runs: [], trials: [], timeline: [], evidence: undefined, tookMs: 0, seed } as const;
  // Why a build or a service failed comes with what to do about it; an app's last words do not.
  const isItsOwn = prepared?.build !== undefined && !prepared.baseline.started && prepared.baseline.reason === undefined;
  const mayRun = prepared?.build && (prepared.baseline.started || check.beforeStart);
  if (check.kind === "dynamic" && !(probe?.there && mayRun)) {
    const ruling =
      probe && !probe.there
        ? unknown("no-sandbox", probe.says, probe.add)
        : prepared && !prepared.baseline.started
          ? unknown(
              prepared.baseline.reason ?? "no-start",
              prepared.baseline.because,
              (isItsOwn ? undefined : prepared.baseline.lines.at(-1)) ?? toStart,
            )
          : unknown("no-start", "it was not built", "make it build");
    return { id: idOf(check), code: codeOf(check), ruling, ...none };
  }
  return await runCheck(check, {
    seed,
    profile,
    tries,
    makeBench: ({ chance, change }) => {
      const timeline: TimelineEvent[] = [];
      const subject = change ? changed(parts.subject, change.commands ?? {}) : parts.subject;
      const build = prepared?.build;
      const baseline = prepared?.baseline.started ? prepared.baseline : nothingSeen;
      const known = parts as unknown as Known;
      const whole = build && { ...build, env: { ...build.env, ...change?.env } };
      // Static checks know neither build nor sandbox, and ask for none.
      const lab = labOf({
        request,
        known,
        build: whole as SubjectBuild,
        subject,
        slowness: prepared?.slowness ?? 1,
        chance,
        told: parts.told,
        timeline,
      });
      return { lab: { ...lab, baseline }, timeline };
    },
  });
}

function changed(subject: Subject, commands: Readonly<Record<string, string>>): Subject {
  return { ...subject, processes: subject.processes.map((each) => ({ ...each, command: commands[each.type] ?? each.command })) };
}

function capabilitiesOf(probe: SandboxProbe | undefined, { repository }: Codebase): Capabilities {
  const missing = { there: false, says: "not asked for", add: "use the profile `standard`" } as const;
  return {
    sandbox:
      probe === undefined ? missing : probe.there ? { there: true, says: probe.says } : { there: false, says: probe.says, add: probe.add },
    trace: probe?.there ? probe.trace : missing,
    git:
      repository === undefined
        ? { there: false, says: "the folder is in no git repository", add: "check it in its repository, and not an export of it" }
        : { there: true, says: "git" },
    engines: { there: true, says: "each is started when it is needed" },
  };
}

/** What this machine can do for the lab. */
export async function probe(): Promise<Capabilities> {
  await using workshop = await Workshop.open(process.env["PATH"] ?? "/usr/bin:/bin");
  return capabilitiesOf(await probeSandbox(workshop.folder), await openCodebase(process.cwd()));
}

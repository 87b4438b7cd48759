import type { CheckedRequest } from "@douze/core";
import { eventually, startWeb } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";

interface Evidence {
  readonly workers: readonly string[];
  readonly hinted: boolean;
  /** Whether there is a process that could put a job into the queue. */
  readonly hasWeb: boolean;
  readonly jobs: number;
  /** Done when the signal came, when the worker had ended, and at last. */
  readonly done?: { readonly atSignal: number; readonly atEnd: number; readonly atLast: number };
  /** From the next worker's start until all were done, in milliseconds; absent: they never were. */
  readonly tookMs?: number;
  readonly signal: "SIGTERM" | "SIGKILL";
  /** Without any signal all jobs are done. */
  readonly control?: { readonly done: number; readonly tookMs?: number };
}

/** How many jobs are put in: as few as leave some undone at the signal. */
const counts = [6, 60, 240] as const;
/** How soon jobs that were handed back should be done by another worker, in milliseconds. */
const soonMs = 30_000;
/** For how long nothing may be done before what is left counts as lost, in milliseconds. */
const idleMs = 60_000;

export const workerReturnsJob: Check<Evidence> = returning(
  "worker-returns-job",
  "SIGTERM",
  "a worker that is told to end finishes its job, or hands it back",
);
export const sigkillRedelivers: Check<Evidence> = returning("sigkill-redelivers", "SIGKILL", "a worker's sudden death loses no job");

function returning(name: string, signal: "SIGTERM" | "SIGKILL", claim: string): Check<Evidence> {
  return {
    name,
    factor: "disposability",
    claim,
    kind: "dynamic",
    profile: "standard",
    core: false,
    severity: "error",
    norm: "“For a worker process, graceful shutdown is achieved by returning the current job to the work queue”",
    method: [
      `Six jobs are put into the queue and a worker runs. When the first is done and not the last, ${signal} goes to its process group.`,
      "Another worker is started, and the time is taken until all are done. Where six are too few to leave one undone, more are put in.",
      "After that the same runs without a signal, as the control.",
    ],
    guards: [
      "Jobs that fail by themselves fail in the control as well.",
      "A queue that gives a job to another worker only after a while is a warning, with how long it took.",
    ],
    limits: "How a job is put into the queue, and how many were done, must be said: `check.jobs`.",
    needs: ["sandbox"],
    repeats: 2,

    async observe(lab) {
      const hint = lab.subject.hints.jobs;
      const { web, others } = lab.baseline;
      const workers = others.filter(({ type, stayed }) => stayed && !/^(clock|scheduler|cron|beat)$/i.test(type)).map(({ type }) => type);
      const [worker] = workers;
      if (!hint || !web || worker === undefined) return { workers, hinted: hint !== undefined, hasWeb: web !== undefined, jobs: 0, signal };
      const wished = { worker, hint };
      let jobs: number = counts[0];
      let told = await round(lab, { ...wished, jobs, signal });
      for (const more of counts.slice(1)) {
        if (told.done.atEnd < jobs) break;
        jobs = more;
        told = await round(lab, { ...wished, jobs, signal });
      }
      const control = await round(lab, { ...wished, jobs });
      return {
        workers,
        hinted: true,
        hasWeb: true,
        jobs,
        signal,
        done: told.done,
        control: { done: control.done.atLast, ...(control.tookMs !== undefined && { tookMs: control.tookMs }) },
        ...(told.tookMs !== undefined && { tookMs: told.tookMs }),
      };
    },

    judge({ workers, hinted, hasWeb, jobs, done, tookMs, control, signal: sent }) {
      if (workers.length === 0) return inapplicable("the app has no worker");
      if (!hasWeb)
        return unknown(
          "needs-hint",
          "the app has no web process through which a job could be put into its queue",
          "check it together with the app that fills the queue: as process types of one manifest",
        );
      if (!hinted || !done || !control)
        return unknown(
          "needs-hint",
          "how a job is put into the queue is not known",
          "say it in the manifest: `check: { jobs: { enqueue: POST /jobs, done: GET /jobs } }`",
        );
      if (control.done < jobs)
        return unknown(
          "unstable",
          `without any signal ${control.done} of ${jobs} jobs were done`,
          "mend that first, or say another way in `check.jobs`",
        );
      // What was killed finished nothing after it: all that is done at its end was done before.
      if (done.atSignal >= jobs || (sent === "SIGKILL" && done.atEnd >= jobs))
        return unknown("no-power", "all jobs were done before the signal", "let a job of `check.jobs` take a few hundred milliseconds");
      const subject = workers[0] ?? "worker";
      const text = `of ${jobs} jobs ${done.atSignal} were done at ${sent}, ${done.atEnd} when the worker had ended`;
      const fix = {
        text: "acknowledge a job when it is done and not before; on SIGTERM take no more, and finish or hand back the one in hand",
      };
      const findings =
        tookMs === undefined
          ? [
              {
                subject,
                severity: "error" as const,
                what: `${jobs - done.atLast} of ${jobs} jobs were lost at ${sent}: with another worker ${done.atLast} were done, and no more within ${idleMs / 1000} s`,
                details: [text],
                control: `without a signal all ${jobs} were done`,
                fix,
              },
            ]
          : tookMs > soonMs
            ? [
                {
                  subject,
                  severity: "warning" as const,
                  what: `a job in hand at ${sent} came back only after ${Math.round(tookMs / 1000)} s`,
                  details: [text],
                  control: `without a signal all ${jobs} were done in ${Math.round((control.tookMs ?? 0) / 1000)} s`,
                  fix,
                },
              ]
            : [];
      return failOr(
        findings,
        "proven",
        pass(`all ${jobs} jobs were done, ${((tookMs ?? 0) / 1000).toFixed(1)} s after another worker started`, text),
      );
    },
  };
}

interface Round {
  readonly worker: string;
  readonly hint: { readonly enqueue: CheckedRequest; readonly done: CheckedRequest };
  readonly jobs: number;
  /** Absent: the jobs are done undisturbed. */
  readonly signal?: NodeJS.Signals;
}

async function round(lab: Lab, { worker, hint, jobs, signal }: Round): Promise<{ done: NonNullable<Evidence["done"]>; tookMs?: number }> {
  const { web } = lab.baseline;
  if (!web) throw new Error("jobs without a web process");
  lab.tell(signal ? `${signal} to ${worker} with ${jobs} jobs in hand` : `lets ${jobs} jobs be done undisturbed`);
  await using sandbox = await lab.sandbox();
  await using front = await startWeb(lab, sandbox, web);
  const count = (): Promise<number> => doneCount(sandbox, front.port, hint.done);
  const before = await count();
  const doneNow = async (): Promise<number> => (await count()) - before;
  for (let job = 0; job < jobs; job++) await sandbox.ask(requestOf(front.port, hint.enqueue));
  const began = performance.now();
  await using first = await sandbox.start(worker);
  await untilDone(doneNow, signal ? 1 : jobs, 25);
  const atSignal = await doneNow();
  if (!signal) return { done: { atSignal, atEnd: atSignal, atLast: atSignal }, tookMs: performance.now() - began };
  first.process.signal("group", signal);
  await first.process.gone(15_000 * lab.slowness);
  const atEnd = await doneNow();
  await first.process[Symbol.asyncDispose]();
  await using _second = await sandbox.start(worker);
  const tookMs = await untilDone(doneNow, jobs, 50);
  return { done: { atSignal, atEnd, atLast: await doneNow() }, ...(tookMs !== undefined && { tookMs }) };
}

/** Waits until so many jobs are done, as long as some are. @returns how long that took, in milliseconds; nothing when they never were */
async function untilDone(doneNow: () => Promise<number>, wanted: number, everyMs: number): Promise<number | undefined> {
  const began = performance.now();
  for (let done = 0; ; ) {
    const known = done;
    const moved = async (): Promise<boolean> => {
      done = await doneNow();
      return done > known;
    };
    if ((await eventually(moved, idleMs, everyMs)) === undefined) return undefined;
    if (done >= wanted) return performance.now() - began;
  }
}

async function doneCount(sandbox: Sandbox, port: number, hint: CheckedRequest): Promise<number> {
  const answer = await sandbox.ask(requestOf(port, hint));
  if (!answer.ok) return 0;
  try {
    const value: unknown = JSON.parse(answer.body);
    if (typeof value === "object" && value !== null && "done" in value && typeof value.done === "number") return value.done;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return Number(/\d+/.exec(answer.body)?.[0] ?? 0);
}

function requestOf(
  port: number,
  { method, path, headers, body }: CheckedRequest,
): { port: number; method: string; path: string; headers: Readonly<Record<string, string>>; body?: string } {
  return { port, method, path, headers, ...(body !== undefined && { body }) };
}

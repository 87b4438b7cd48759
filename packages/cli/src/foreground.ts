import { type Instant, Problem } from "@douze/core";
import type { Context } from "./context.ts";
import { printFailure } from "./failure.ts";
import { logText } from "./log-text.ts";
import { openEnvironment, openFront, type RunningEnvironment } from "./open.ts";
import type { Place } from "./place.ts";
import { progressOn } from "./progress.ts";
import { codeChanges } from "./watch.ts";

export interface ForegroundOptions {
  readonly port?: number;
  readonly ref?: string;
  readonly watch: boolean;
}

/** One of the apps that run in this terminal. */
interface Stage extends RunningEnvironment {
  readonly place: Place;
  /** Before the names of its processes, where there are several apps. */
  readonly prefix: string;
}

/**
 * Runs apps in this terminal, behind one port, until it is told to stop. Exit code 0 after an orderly stop; 1 when an app could not
 * be started and nothing is watched; 70 when an engine itself failed.
 */
export async function runForeground(context: Context, places: readonly Place[], options: ForegroundOptions): Promise<void> {
  const { paper, env } = context;
  const stop = stopSignals(() => paper.aside("\nstopping; Ctrl-C again ends it at once"));
  const since = Date.now() as Instant;
  const [first] = places;
  if (!first) return;
  await using stack = new AsyncDisposableStack();
  const front = stack.use(await openFront(first, env, options.port));
  const alone = places.length === 1;
  const stages: Stage[] = [];
  for (const place of places) {
    const environment = stack.use(await openEnvironment(place, env, front, alone));
    stages.push({ ...environment, place, prefix: alone ? "" : `${environment.engine.app}/` });
  }
  const over = AbortSignal.any([stop.signal, ...stages.map(({ asked }) => aborted(asked))]);
  const fault = await Promise.race([failureOf(stages), play(context, stages, options, since, over)]);
  paper.aside(paper.styled("bold", "-----> Stopping"));
  await Promise.all(stages.map((stage) => end(stage, stop.again)));
  if (fault !== undefined) printFailure(fault, false);
}

/** Deploys each app in turn, then shows what all of them write until it is over, or nothing is left to run. */
async function play(
  context: Context,
  stages: readonly Stage[],
  options: ForegroundOptions,
  since: Instant,
  over: AbortSignal,
): Promise<unknown> {
  const { paper } = context;
  const deployed: Stage[] = [];
  for (const stage of stages) {
    const there = await Promise.race([deployNow(context, stage, options, over), whenAborted(over)]);
    if (over.aborted) return undefined;
    if (!there) continue;
    deployed.push(stage);
    paper.aside(`${paper.styled(["green", "bold"], "-----> Open")} ${paper.styled("bold", stage.address)}`);
  }
  if (deployed.length === 0 && !options.watch) return undefined;
  const faults = Promise.race(
    stages.flatMap((stage) => [
      troubleOf(echoLogs(context, stage, since, over)),
      ...(options.watch ? [troubleOf(redeploy(context, stage, options, over))] : []),
    ]),
  );
  return await Promise.race([faults, whenAborted(over)]);
}

async function deployNow(
  { paper, by }: Context,
  { engine, place }: Stage,
  { ref }: ForegroundOptions,
  over: AbortSignal,
): Promise<boolean> {
  const workingTree = ref === undefined && place.environment === "development";
  try {
    await engine.operations.deploy({ by, workingTree, onlyIfChanged: true, ...(ref !== undefined && { ref }) }, progressOn(paper));
    return true;
  } catch (error) {
    // What was under way when everything was told to stop is no news.
    if (over.aborted) return false;
    if (!(error instanceof Problem)) throw error;
    printFailure(error, false);
    return (await engine.operations.status()).current !== undefined;
  }
}

/** A change that cannot be built or started changes nothing: what runs goes on, and the next change is tried. */
async function redeploy(context: Context, stage: Stage, options: ForegroundOptions, over: AbortSignal): Promise<void> {
  context.paper.aside(context.paper.styled("dim", "       watching for changes"));
  for await (const _digest of codeChanges(stage.place.directory, over)) {
    const before = process.exitCode;
    await deployNow(context, stage, options, over);
    process.exitCode = before;
  }
}

async function echoLogs({ paper }: Context, { engine, prefix }: Stage, since: Instant, over: AbortSignal): Promise<void> {
  for await (const line of engine.operations.logs({ since, follow: true }, over)) {
    if (line.process === "router" || /^release\.\d+$/.test(line.process)) continue;
    paper.line(logText({ ...line, process: prefix + line.process }, { colour: paper.colour, json: false }));
  }
}

async function failureOf(stages: readonly Stage[]): Promise<unknown> {
  return await Promise.race(stages.map(({ engine }) => engine.failure().catch((error: unknown) => error)));
}

/** Resolves with what a task failed of; a task that ends well never resolves it. */
async function troubleOf(task: Promise<void>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  task.catch(resolve);
  return await promise;
}

/** In order; a second signal ends what is left at once. */
async function end({ driver, engine }: RunningEnvironment, again: AbortSignal): Promise<void> {
  await engine[Symbol.asyncDispose]();
  await driver.end("stop", again);
  if (again.aborted) process.exitCode = 130;
}

function stopSignals(first: () => void): { readonly signal: AbortSignal; readonly again: AbortSignal } {
  const [once, twice] = [new AbortController(), new AbortController()];
  const told = (): void => {
    if (once.signal.aborted) return twice.abort();
    first();
    once.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, told);
  return { signal: once.signal, again: twice.signal };
}

function aborted(promise: Promise<void>): AbortSignal {
  const controller = new AbortController();
  void promise.then(() => controller.abort());
  return controller.signal;
}

async function whenAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return await promise;
}

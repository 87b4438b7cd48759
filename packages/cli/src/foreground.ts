import { type Instant, Problem } from "@douze/core";
import type { Context } from "./context.ts";
import { printFailure } from "./failure.ts";
import { logText } from "./log-text.ts";
import { type Foreground, openForeground } from "./open.ts";
import type { Place } from "./place.ts";
import { progressOn } from "./progress.ts";
import { codeChanges } from "./watch.ts";

export interface ForegroundOptions {
  readonly port?: number;
  readonly ref?: string;
  readonly watch: boolean;
}

/**
 * Runs an app in this terminal until it is told to stop. Exit code 0 after an orderly stop; 1 when the app could not be started
 * and nothing is watched; 70 when the engine itself failed.
 */
export async function runForeground(context: Context, place: Place, options: ForegroundOptions): Promise<void> {
  const { paper, env } = context;
  const stop = stopSignals(() => paper.aside("\nstopping; Ctrl-C again ends it at once"));
  const startedAt = Date.now() as Instant;
  await using foreground = await openForeground(place, env, options.port);
  const { engine, address } = foreground;
  const over = AbortSignal.any([stop.signal, aborted(foreground.asked)]);
  const failure = engine.failure().catch((error: unknown) => error);
  const deployed = await deployNow(context, foreground, place, options);
  if (deployed) paper.aside(`${paper.styled(["green", "bold"], "-----> Open")} ${paper.styled("bold", address)}`);
  else if (!options.watch) {
    await end(foreground, stop.again);
    return;
  }
  const echo = echoLogs(context, foreground, startedAt, over);
  const watching = options.watch ? redeploy(context, foreground, place, over) : Promise.resolve();
  const fault = await Promise.race([failure, whenAborted(over)]);
  paper.aside(paper.styled("bold", "-----> Stopping"));
  await end(foreground, stop.again);
  await Promise.all([echo, watching]);
  if (fault !== undefined && !over.aborted) printFailure(fault, false);
}

async function deployNow(
  { paper, by }: Context,
  { engine }: Foreground,
  { environment }: Place,
  { ref }: ForegroundOptions,
): Promise<boolean> {
  const workingTree = ref === undefined && environment === "development";
  try {
    await engine.operations.deploy({ by, workingTree, onlyIfChanged: true, ...(ref !== undefined && { ref }) }, progressOn(paper));
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    printFailure(error, false);
    return (await engine.operations.status()).current !== undefined;
  }
}

/** A change that cannot be built or started changes nothing: what runs goes on, and the next change is tried. */
async function redeploy(context: Context, foreground: Foreground, place: Place, signal: AbortSignal): Promise<void> {
  context.paper.aside(context.paper.styled("dim", "       watching for changes"));
  for await (const _digest of codeChanges(place.directory, signal)) {
    const before = process.exitCode;
    await deployNow(context, foreground, place, { watch: true });
    process.exitCode = before;
  }
}

async function echoLogs({ paper }: Context, { engine }: Foreground, since: Instant, signal: AbortSignal): Promise<void> {
  for await (const line of engine.operations.logs({ since, follow: true }, signal)) {
    if (line.process !== "router" && !/^release\.\d+$/.test(line.process)) paper.line(logText(line, { colour: paper.colour, json: false }));
  }
}

/** In order; a second signal ends what is left at once. */
async function end({ driver, engine }: Foreground, again: AbortSignal): Promise<void> {
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

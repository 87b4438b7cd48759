import { setTimeout } from "node:timers/promises";
import type { Instant } from "@douze/core";
import { Problem } from "@douze/core";
import type { PublicSocket } from "@douze/local";
import type { Context } from "../context.ts";
import { printFailure } from "../failure.ts";
import { logText } from "../log-text.ts";
import { type Front, openEnvironment, type RunningEnvironment } from "../open.ts";
import type { Place } from "../place.ts";
import { Doors } from "./doors.ts";
import { againStatus } from "./holder.ts";
import { type AskedPort, behind } from "./ports.ts";

export interface ServingOptions {
  readonly sockets: readonly PublicSocket[];
  readonly asked: readonly AskedPort<Place>[];
  readonly preset: number;
  readonly runtime: string;
  readonly onStop: "leave" | "stop";
  readonly logs: boolean;
  readonly isolation: NonNullable<Front["isolation"]>;
}

interface Served extends RunningEnvironment {
  /** `shop production` */
  readonly label: string;
  /** Aborted when it is being ended: what it says is of no interest then. */
  readonly over: AbortController;
}

/**
 * Runs environments behind sockets that were handed over. SIGTERM and SIGINT end it as `onStop` says, a second one at once; SIGHUP leaves
 * the apps and asks to be started again. An environment that cannot be opened keeps no other from running.
 *
 * Exit code 0 after an orderly end, 1 when none could be opened, 70 when an engine itself failed, 75 after SIGHUP.
 */
export async function serveEnvironments(context: Context, options: ServingOptions): Promise<void> {
  const { paper } = context;
  const ending = endSignals();
  const since = Date.now() as Instant;
  await using stack = new AsyncDisposableStack();
  const { fronts, without } = behind(options.sockets, options.asked, options.preset);
  for (const { problem } of without) printFailure(problem, false);
  const served: Served[] = [];
  const note = (text: string): void => paper.line(text);
  const doors = stack.use(await Doors.open({ sockets: options.sockets, fronts, runtime: options.runtime, note }));
  for (const [socket, apps] of fronts) {
    const logs: Front["logs"] = new Map();
    for (const app of apps) {
      const { own, ...door } = doors.to(app, socket);
      const front: Front = { ...door, logs, separate: true, isolation: options.isolation, ...(own && { publicFd: socket.fd }) };
      const environment = await attempt(context, app.of, front, apps.length === 1);
      if (!environment) continue;
      served.push(stack.use(environment));
      const certificate = doors.certify(app, door.router, (text) => environment.driver.note(text));
      if (certificate) stack.use(certificate);
    }
  }
  if (served.length === 0) return;
  process.exitCode = 0;
  paper.line(`serving ${served.map(({ label, address }) => `${label} at ${address}`).join(", ")}`);
  const shown = served.map((each) => echo(context, each, since, options.logs));
  const fault = Promise.race([failureOf(served), ...shown.map(troubleOf)]).then((error) => ({ error }));
  const outcome = await Promise.race([fault, allStopped(served, ending.again), told(ending.first)]);
  for (const { over } of served) over.abort();
  if (outcome === "told" && ending.leave) process.exitCode = againStatus;
  else if (outcome === "told" && options.onStop === "stop") {
    paper.line("stopping");
    await Promise.all(served.map((each) => stop(each, ending.again)));
    doors.end();
  } else if (outcome === "stopped") doors.end();
  else if (outcome !== "told") printFailure(outcome.error, false);
}

async function attempt(
  context: Context,
  place: Place,
  front: Front,
  alone: boolean,
  patienceMs: number = lockMs,
): Promise<Served | undefined> {
  try {
    const environment = await openEnvironment(place, context.env, front, alone);
    return { ...environment, label: `${environment.engine.app} ${place.environment}`, over: new AbortController() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A command that found no engine works on the state itself, and is soon done.
    if (error.code === "engine-running" && patienceMs > 0) {
      await setTimeout(pauseMs);
      return await attempt(context, place, front, alone, patienceMs - pauseMs);
    }
    printFailure(error, false);
    return undefined;
  }
}

/** How long the state of an environment may be in somebody else's hands, and between two tries, in milliseconds. */
const lockMs = 30_000;
const pauseMs = 100;

/** What the platform says of an app, and with `all` what the app says. */
async function echo({ paper }: Context, { engine, label, over }: Served, since: Instant, all: boolean): Promise<void> {
  const query = { since, follow: true, ...(!all && { processes: ["douze"] }) };
  try {
    for await (const line of engine.operations.logs(query, over.signal)) {
      paper.line(logText({ ...line, process: `${label} ${line.process}` }, { colour: paper.colour, json: false }));
    }
  } catch (error) {
    // An engine that is being ended refuses to be asked.
    if (!over.signal.aborted) throw error;
  }
}

/** In order, and nobody can ask for it any more. */
async function stop(served: Served, again: AbortSignal): Promise<void> {
  served.over.abort();
  await served.engine[Symbol.asyncDispose]();
  await served.driver.end("stop", again);
  await served[Symbol.asyncDispose]();
}

/** Each is ended when somebody asks for it, whatever becomes of the others. */
async function allStopped(served: readonly Served[], again: AbortSignal): Promise<"stopped"> {
  await Promise.all(
    served.map(async (each) => {
      await each.asked;
      await stop(each, again);
    }),
  );
  return "stopped";
}

/** Of an engine that was not being ended. */
async function failureOf(served: readonly Served[]): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  for (const { engine, over } of served) {
    engine.failure().catch((error: unknown) => {
      if (!over.signal.aborted) resolve(error);
    });
  }
  return await promise;
}

/** Resolves with what a task failed of; a task that ends well never resolves it. */
async function troubleOf(task: Promise<void>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  task.catch(resolve);
  return await promise;
}

async function told(signal: AbortSignal): Promise<"told"> {
  const { promise, resolve } = Promise.withResolvers<"told">();
  signal.addEventListener("abort", () => resolve("told"), { once: true });
  if (signal.aborted) resolve("told");
  return await promise;
}

interface Ending {
  readonly first: AbortSignal;
  readonly again: AbortSignal;
  /** It was SIGHUP. */
  readonly leave: boolean;
}

function endSignals(): Ending {
  const [first, again] = [new AbortController(), new AbortController()];
  const ending = { first: first.signal, again: again.signal, leave: false };
  const end = (): void => (first.signal.aborted ? again.abort() : first.abort());
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  process.on("SIGHUP", () => {
    ending.leave ||= !first.signal.aborted;
    first.abort();
  });
  return ending;
}

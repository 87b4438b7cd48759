import { isReady } from "./discover/baseline.ts";
import type { Lab } from "./lab.ts";
import type { Page, WebBaseline } from "./model/baseline.ts";
import type { Answer } from "./sandbox/inside/orders.ts";
import type { Sandbox, Started, StartOptions } from "./sandbox/sandbox.ts";

/** How long an app that answers undisturbed is waited for in an experiment, in milliseconds. */
const patienceMs = 30_000;

/** The app did not get as far as the experiment: nothing can be said of it then. */
export class NotReady extends Error {
  readonly lines: readonly string[];

  constructor(what: string, lines: readonly string[]) {
    super(what);
    this.lines = lines;
  }
}

/** A web process that has answered, and what it answered. @throws NotReady */
export async function startWeb(
  lab: Lab,
  sandbox: Sandbox,
  web: WebBaseline,
  options: StartOptions = {},
): Promise<Started & { readonly first: Answer }> {
  const started = await sandbox.start(web.type, options);
  const ready = await isReady(sandbox, started, patienceMs * lab.slowness, firstPage(web).path);
  if (!ready) throw new NotReady(`\`${web.type}\` did not answer this time`, lastLines(started));
  return { ...started, first: ready.answer };
}

/** Whether a web process gets as far as answering. */
export async function answers(
  lab: Lab,
  sandbox: Sandbox,
  started: Started,
  web: WebBaseline,
  withinMs: number = patienceMs,
): Promise<Answer | undefined> {
  return (await isReady(sandbox, started, withinMs * lab.slowness, firstPage(web).path))?.answer;
}

/** The page to ask for where any will do. */
export function firstPage(web: WebBaseline): Page {
  return web.pages[0] ?? { path: "/", status: 404, tookMs: 0, services: [], slow: false, isHealth: false };
}

export function lastLines({ process }: Pick<Started, "process">, count = 8): readonly string[] {
  return process.lines.slice(-count).map(({ text }) => text);
}

/** Waits for something that may take a while on a slow machine. */
export async function eventually(is: () => Promise<boolean>, withinMs: number, everyMs = 100): Promise<number | undefined> {
  const began = performance.now();
  for (;;) {
    if (await is()) return performance.now() - began;
    if (performance.now() - began > withinMs) return undefined;
    await pause(everyMs);
  }
}

export async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

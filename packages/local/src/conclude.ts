import { setTimeout } from "node:timers/promises";
import type { Instant } from "@douze/core";
import type { HostProcess } from "./host-process.ts";
import { retryMs, type Site, troubleText } from "./site.ts";

/** How many of its last lines a crash bundle holds. */
const bundleLines = 50;

/** What is told of an abnormal end. */
export interface Crash {
  readonly at: Instant;
  /** In words. */
  readonly ending: string;
  readonly command: string;
  readonly memoryBytes?: number | undefined;
  readonly restarts: number;
}

/** Has a process's output stored, as soon as its release's secrets are known; until then it waits in its spool. */
export async function follow({ releases, logs, closing }: Site, process: HostProcess): Promise<void> {
  while (!closing.aborted) {
    try {
      await releases.get(process.release);
      if (!closing.aborted) process.follow(logs);
      return;
    } catch (error) {
      troubleText(error);
      await pause(closing);
    }
  }
}

/**
 * Sees to what an end leaves behind: the last lines into the store, a crash bundle if it was abnormal, then `settle` writes down
 * that all this was done. After a kill in between, the next engine does it again, to the same files.
 */
export async function conclude(site: Site, process: HostProcess, crash: Crash | undefined, settle: () => void): Promise<void> {
  let told = false;
  while (!site.closing.aborted) {
    try {
      await process.following;
      // What the process left behind, in a session of its own for instance, ends before its output counts as whole.
      await site.isolation.cgroups?.remove(process.start.id);
      // A store that cannot write must not keep the driver from ending.
      if (!(await settledBefore(process.finish(), site.closing))) return;
      if (crash) await report(site, process, crash);
      settle();
      return;
    } catch (error) {
      const text = troubleText(error);
      if (!told) site.note(`the end of ${process.name} cannot be written down: ${text}; trying again every ${retryMs / 1000} s`);
      told = true;
      await pause(site.closing);
    }
  }
}

async function report({ logs, crashes }: Site, process: HostProcess, crash: Crash): Promise<void> {
  const { name, release } = process;
  const { id, startedAt } = process.start;
  const { memoryBytes, ...rest } = crash;
  const lines = await logs.lastLines(id, bundleLines);
  await crashes.save({ id, process: name, release, startedAt, lines, ...rest, ...(memoryBytes !== undefined && { memoryBytes }) });
}

/** Whether the work was done before the abort; what it throws before that is thrown. */
async function settledBefore(work: Promise<void>, abort: AbortSignal): Promise<boolean> {
  const { promise: aborted, resolve } = Promise.withResolvers<boolean>();
  const onAbort = (): void => resolve(false);
  abort.addEventListener("abort", onAbort);
  if (abort.aborted) onAbort();
  try {
    return await Promise.race([work.then(() => true), aborted]);
  } finally {
    abort.removeEventListener("abort", onAbort);
    onAbort();
  }
}

/** Ends early, and in peace, when the driver lets go. */
async function pause(closing: AbortSignal): Promise<void> {
  await setTimeout(retryMs, undefined, { signal: closing }).catch(() => undefined);
}

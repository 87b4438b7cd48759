import type { Exit, Instant, Outcome, StopReason } from "@douze/core";
import type { IContainerStateTerminated } from "kubernetes-models/v1/ContainerStateTerminated";
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import { containerName } from "./pod.ts";

/** How long a pod may wait for something that may still come, in milliseconds. */
const patienceMs = { config: 20_000, image: 90_000, machine: 120_000 };
/** Of a shell that was ended by a signal: 128 and its number. */
const signals: Readonly<Record<number, string>> = { 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM" };

/** What a pod waits for that may never come. */
export interface Trouble {
  readonly why: string;
  readonly since: Instant;
  readonly patienceMs: number;
}

/**
 * The last end of what runs in a pod, or why it has not come to run.
 *
 * @param minReadySeconds - how long it must have stayed ready to count
 */
export function lastEnd(pod: IPod, events: readonly IEvent[], minReadySeconds: number, now: Instant): Exit | undefined {
  const ended = endOf(pod);
  if (ended) return exitOf(pod, ended, events, minReadySeconds, now);
  const trouble = troubleOf(pod);
  if (trouble && now - trouble.since >= trouble.patienceMs)
    return { at: now, outcome: { by: "unknown" }, wasReady: false, why: trouble.why };
  if (pod.status?.phase === "Failed")
    return { at: now, outcome: { by: "unknown" }, wasReady: false, why: pod.status.message ?? pod.status.reason ?? "its pod failed" };
  return undefined;
}

export function troubleOf(pod: IPod): Trouble | undefined {
  const since = instantOf(pod.metadata?.creationTimestamp) ?? (0 as Instant);
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled) {
    return { since, patienceMs: patienceMs.machine, why: `no machine has room for it: ${unscheduled.message ?? unscheduled.reason ?? ""}` };
  }
  const { reason = "", message = "" } = statusOf(pod)?.state?.waiting ?? {};
  const told = message === "" ? "" : `: ${message}`;
  if (/^(ErrImagePull|ImagePullBackOff)$/.test(reason))
    return { since, patienceMs: patienceMs.image, why: `its image cannot be pulled${told}` };
  if (/^(InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError)$/.test(reason))
    return { since, patienceMs: patienceMs.config, why: `it cannot be made (${reason})${told}` };
  return undefined;
}

/** How what runs in a pod last ended. */
export function endOf(pod: IPod): IContainerStateTerminated | undefined {
  const status = statusOf(pod);
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

export function outcomeOf({ exitCode, signal }: IContainerStateTerminated): Outcome {
  const number = signal ?? (exitCode > 128 ? exitCode - 128 : 0);
  const name = signals[number];
  return name === undefined ? { by: "exit", code: exitCode } : { by: "signal", signal: name };
}

/** Why a container was stopped before that end: only the kubelet's events tell. */
export function stoppedBy(pod: IPod, ended: IContainerStateTerminated, events: readonly IEvent[]): StopReason | undefined {
  if (ended.reason === "OOMKilled") return "memory";
  const [from, to] = [instantOf(ended.startedAt) ?? 0, instantOf(ended.finishedAt) ?? Number.POSITIVE_INFINITY];
  const kill = events.find(({ reason, involvedObject, message = "", firstTimestamp, lastTimestamp, eventTime }) => {
    const first = instantOf(firstTimestamp ?? eventTime) ?? 0;
    const last = instantOf(lastTimestamp ?? eventTime) ?? 0;
    return reason === "Killing" && involvedObject.name === pod.metadata?.name && /probe/.test(message) && first <= to && last >= from;
  });
  if (!kill) return undefined;
  return /startup probe/.test(kill.message ?? "") ? "boot-timeout" : "liveness";
}

/** What to tell of an abnormal end beyond its outcome, in the words of one machine; `undefined` for nothing. */
export function stopText(pod: IPod, stopped: StopReason | undefined): string | undefined {
  const { periodSeconds = 1, failureThreshold = 1 } = pod.spec?.containers[0]?.startupProbe ?? {};
  switch (stopped) {
    case "boot-timeout":
      return `stopped: it was not ready within ${periodSeconds * failureThreshold} s`;
    case "liveness":
      return "stopped: it did not answer its liveness path";
    case "memory":
      return "over its memory limit";
    default:
      return undefined;
  }
}

export function statusOf(pod: IPod): NonNullable<NonNullable<IPod["status"]>["containerStatuses"]>[number] | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName);
}

export function instantOf(text: string | undefined): Instant | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: it reads a text, and asks no clock
  return text === undefined ? undefined : (Date.parse(text) as Instant);
}

function exitOf(pod: IPod, ended: IContainerStateTerminated, events: readonly IEvent[], minReadySeconds: number, now: Instant): Exit {
  const at = instantOf(ended.finishedAt) ?? now;
  const stopped = stoppedBy(pod, ended, events);
  const ranMs = at - (instantOf(ended.startedAt) ?? at);
  return {
    at,
    outcome: outcomeOf(ended),
    // Nothing tells of a former container whether it was ready: it may have been where there was time for it.
    wasReady: stopped !== "boot-timeout" && ranMs >= minReadySeconds * 1000,
    ...(stopped !== undefined && { stopped }),
    ...(stopped === "memory" && { why: "it was over its memory limit" }),
  };
}

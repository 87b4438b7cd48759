import {
  type Exit,
  endOfTime,
  type Instant,
  later,
  type Observed,
  type ObservedProcess,
  type ObservedRelease,
  type Outcome,
  type ProcessType,
  type ReleaseVersion,
  type Run,
  type RunName,
  releaseVersion,
} from "@douze/core";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { IContainerStateTerminated } from "kubernetes-models/v1/ContainerStateTerminated";
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import { containerName, processAnnotation } from "./pod.ts";
import type { TargetState } from "./state.ts";

/** A picture of the app's objects. */
export interface Picture {
  readonly pods: readonly IPod[];
  readonly deployments: readonly IDeployment[];
  readonly jobs: readonly IJob[];
  /** Of things that could not be made. Default none. */
  readonly events?: readonly IEvent[];
}

/** What is observed, and when it is worth another look although nothing changes. */
export interface Look {
  readonly observed: Observed;
  readonly nextAt?: Instant;
}

/** How long a pod may wait for something that may still come, in milliseconds. */
const patienceMs = { config: 20_000, image: 90_000, machine: 120_000 };
/** What the kubelet's first pause between two starts is, in milliseconds. */
const backOffMs = 10_000;
/** Of a shell that was ended by a signal: 128 and its number. */
const signals: Readonly<Record<number, string>> = { 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM" };
/** How a program says that its configuration is wrong (EX_CONFIG). */
const wrongConfig = 78;

/** What the engine sees of a cluster: pure, from a picture of its objects. */
export function observe({ pods, deployments, jobs, events = [] }: Picture, state: TargetState, now: Instant): Look {
  const seen = placed(pods).map((each) => ({ ...each, process: processOf(each, deployments, now) }));
  const versions = new Set([
    ...Object.keys(state.asked).map(Number),
    ...seen.map(({ release }) => release as number),
  ]) as Set<ReleaseVersion>;
  const refused = deployments.flatMap((each) => refusedProcess(each, now));
  const releases = [...versions]
    .sort((a, b) => a - b)
    .map((release): ObservedRelease => {
      return {
        release,
        scale: state.asked[release] ?? {},
        draining: state.draining.includes(release),
        processes: [...seen, ...refused].filter(({ process }) => process.slot.release === release).map(({ process }) => process),
      };
    });
  const waits = pods.flatMap((pod) => nextLooks(pod, deployments, now));
  return {
    observed: {
      at: now,
      releases,
      maintenance: state.maintenance,
      runs: jobs.flatMap((job) => runOf(job, pods, events, now)),
      ...(state.routed !== undefined && { routed: state.routed }),
    },
    ...(waits.length > 0 && { nextAt: Math.min(...waits) as Instant }),
  };
}

/** A pod of a process type, and its place in the formation. */
export interface Placed {
  readonly pod: IPod;
  readonly type: ProcessType;
  readonly release: ReleaseVersion;
  /** From 1: the oldest first; those that end come after all others. */
  readonly index: number;
}

/** Pods have no numbers: they get them by age, so that `web.1` is the one that has been there longest. */
export function placed(pods: readonly IPod[]): Placed[] {
  const own = pods.flatMap((pod) => {
    const { annotations = {}, labels = {} } = pod.metadata ?? {};
    const type = annotations[processAnnotation];
    const release = annotations["douze.dev/release"];
    const once = labels["batch.kubernetes.io/job-name"] !== undefined;
    return type === undefined || release === undefined || once
      ? []
      : [{ pod, type: type as ProcessType, release: releaseVersion(release) }];
  });
  const order = ({ pod }: { readonly pod: IPod }): string => {
    const { deletionTimestamp, creationTimestamp = "", name = "" } = pod.metadata ?? {};
    return `${deletionTimestamp === undefined ? 0 : 1} ${creationTimestamp} ${name}`;
  };
  const counts = new Map<string, number>();
  return own
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((each) => {
      const key = `${each.type}@${each.release}`;
      const index = (counts.get(key) ?? 0) + 1;
      counts.set(key, index);
      return { ...each, index };
    });
}

function processOf({ pod, type, release, index }: Placed, deployments: readonly IDeployment[], now: Instant): ObservedProcess {
  const status = statusOf(pod);
  const startedAt = instantOf(status?.state?.running?.startedAt) ?? instantOf(pod.metadata?.creationTimestamp) ?? now;
  const last = lastEnd(pod, now);
  const common = {
    slot: { process: type, index, release },
    restarts: status?.restartCount ?? 0,
    pod: pod.metadata?.name ?? "",
    ...(last && { last }),
  };
  const deletion = instantOf(pod.metadata?.deletionTimestamp);
  if (deletion !== undefined) return { ...common, phase: "stopping", pid: 1, startedAt, reason: "retired", deadline: deletion };
  const readyAt = settledAt(pod, deployments);
  if (readyAt !== undefined && readyAt <= now) return { ...common, phase: "ready", pid: 1, startedAt, readyAt };
  if (last && !status?.state?.running) {
    const given = last.outcome.by === "exit" && last.outcome.code === wrongConfig;
    return { ...common, phase: "exited", restartAt: given ? endOfTime : later(now, backOffMs) };
  }
  return { ...common, phase: "starting", pid: 1, startedAt };
}

/** When a pod counts as ready: when it has been so for as long as its Deployment wants. */
function settledAt(pod: IPod, deployments: readonly IDeployment[]): Instant | undefined {
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return undefined;
  const own = pod.metadata?.labels?.["app.kubernetes.io/instance"];
  const wanted = deployments.find(({ metadata }) => metadata?.name === own)?.spec?.minReadySeconds ?? 0;
  return later(instantOf(ready.lastTransitionTime) ?? (0 as Instant), wanted * 1000);
}

/** The last end of what runs in a pod, or why it has not come to run. */
function lastEnd(pod: IPod, now: Instant): Exit | undefined {
  const status = statusOf(pod);
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  if (ended) return exitOf(ended, status?.ready ?? false, now);
  const trouble = troubleOf(pod);
  if (trouble && now - trouble.since >= trouble.patienceMs)
    return { at: now, outcome: { by: "unknown" }, wasReady: false, why: trouble.why };
  if (pod.status?.phase === "Failed")
    return { at: now, outcome: { by: "unknown" }, wasReady: false, why: pod.status.message ?? pod.status.reason ?? "its pod failed" };
  return undefined;
}

interface Trouble {
  readonly why: string;
  readonly since: Instant;
  readonly patienceMs: number;
}

/** What a pod waits for that may never come. */
function troubleOf(pod: IPod): Trouble | undefined {
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

/** A Deployment that may make no pods, such as for a quota, has none that could tell why. */
function refusedProcess({ metadata, status }: IDeployment, now: Instant): { readonly process: ObservedProcess }[] {
  const failure = status?.conditions?.find(({ type, status: holds }) => type === "ReplicaFailure" && holds === "True");
  const type = metadata?.annotations?.[processAnnotation];
  const release = metadata?.annotations?.["douze.dev/release"];
  if (!failure || type === undefined || release === undefined) return [];
  return [
    {
      process: {
        slot: { process: type as ProcessType, index: (status?.replicas ?? 0) + 1, release: releaseVersion(release) },
        restarts: 0,
        phase: "exited",
        restartAt: later(now, backOffMs),
        last: { at: now, outcome: { by: "unknown" }, wasReady: false, why: `the cluster makes no pod for it: ${failure.message ?? ""}` },
      },
    },
  ];
}

/** When what is seen of a pod changes although the pod does not. */
function nextLooks(pod: IPod, deployments: readonly IDeployment[], now: Instant): Instant[] {
  const trouble = troubleOf(pod);
  const due = [settledAt(pod, deployments), ...(trouble ? [later(trouble.since, trouble.patienceMs)] : [])];
  return due.flatMap((at) => (at !== undefined && at > now ? [at] : []));
}

function runOf(job: IJob, pods: readonly IPod[], events: readonly IEvent[], now: Instant): Run[] {
  const { annotations = {}, name: object = "", creationTimestamp } = job.metadata ?? {};
  const run = annotations["douze.dev/run"];
  const version = annotations["douze.dev/release"];
  if (run === undefined || version === undefined) return [];
  const common = {
    name: run as RunName,
    release: releaseVersion(version),
    startedAt: instantOf(job.status?.startTime) ?? instantOf(creationTimestamp) ?? now,
  };
  const done = job.status?.conditions?.find(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
  const own = pods.filter(({ metadata }) => metadata?.labels?.["batch.kubernetes.io/job-name"] === object);
  if (!done) {
    const failed = own.length > 0 ? undefined : events.find(({ involvedObject }) => involvedObject?.name === object)?.message;
    const refused = failed === undefined ? undefined : { why: `the cluster makes no pod for it: ${failed}` };
    const stuck = refused ?? own.map(troubleOf).find((each) => each && now - each.since >= each.patienceMs);
    if (stuck) return [{ ...common, phase: "exited", endedAt: now, outcome: { by: "unknown" }, timedOut: false, why: stuck.why }];
    return [{ ...common, phase: "running", pid: 1 }];
  }
  const ended = own.map((pod) => statusOf(pod)?.state?.terminated).find((each) => each !== undefined);
  const timedOut = done.reason === "DeadlineExceeded";
  const outcome: Outcome = done.type === "Complete" ? { by: "exit", code: 0 } : ended ? outcomeOf(ended) : { by: "unknown" };
  return [{ ...common, phase: "exited", endedAt: instantOf(done.lastTransitionTime) ?? now, outcome, timedOut }];
}

function exitOf(ended: IContainerStateTerminated, wasReady: boolean, now: Instant): Exit {
  const at = instantOf(ended.finishedAt) ?? now;
  const outcome = outcomeOf(ended);
  if (ended.reason === "OOMKilled") return { at, outcome, wasReady, stopped: "memory", why: "it was over its memory limit" };
  return { at, outcome, wasReady };
}

export function outcomeOf({ exitCode, signal }: IContainerStateTerminated): Outcome {
  const number = signal ?? (exitCode > 128 ? exitCode - 128 : 0);
  const name = signals[number];
  return name === undefined ? { by: "exit", code: exitCode } : { by: "signal", signal: name };
}

export function statusOf(pod: IPod): NonNullable<NonNullable<IPod["status"]>["containerStatuses"]>[number] | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName);
}

function instantOf(text: string | undefined): Instant | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: it reads a text, and asks no clock
  return text === undefined ? undefined : (Date.parse(text) as Instant);
}

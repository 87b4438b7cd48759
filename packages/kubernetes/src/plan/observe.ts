import {
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
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import { instantOf, lastEnd, outcomeOf, statusOf, troubleOf } from "./ends.ts";
import { processAnnotation } from "./pod.ts";
import type { TargetState } from "./state.ts";

/** A picture of the app's objects. */
export interface Picture {
  readonly pods: readonly IPod[];
  readonly deployments: readonly IDeployment[];
  readonly jobs: readonly IJob[];
  /** Of things that could not be made, and of containers that were stopped. Default none. */
  readonly events?: readonly IEvent[];
  /** Pods that are there no more, as they were last seen. Default none. */
  readonly gone?: readonly IPod[];
}

/** What is observed, and when it is worth another look although nothing changes. */
export interface Look {
  readonly observed: Observed;
  readonly nextAt?: Instant;
}

/** What the kubelet's first pause between two starts is, in milliseconds. */
const backOffMs = 10_000;
/** How a program says that its configuration is wrong (EX_CONFIG). */
const wrongConfig = 78;

/** What the engine sees of a cluster: pure, from a picture of its objects. */
export function observe(picture: Picture, state: TargetState, now: Instant): Look {
  const { pods, deployments, jobs } = picture;
  const seen = placed(pods).map((each) => ({ ...each, process: processOf(each, picture, now) }));
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
      runs: jobs.flatMap((job) => runOf(job, picture, now)),
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
    const { annotations = {} } = pod.metadata ?? {};
    const type = annotations[processAnnotation];
    const release = annotations["douze.dev/release"];
    return type === undefined || release === undefined || jobOf(pod) !== undefined
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

/** What each pod is called: `web.1`, `release.4`, `cron.tidy.29384710`. */
export function processNames(pods: readonly IPod[]): ReadonlyMap<string, string> {
  const numbered = new Map(placed(pods).map(({ pod, type, index }) => [pod.metadata?.name ?? "", `${type}.${index}`]));
  return new Map(
    pods.map((pod) => {
      const { name = "", annotations = {} } = pod.metadata ?? {};
      const own = annotations[processAnnotation] ?? "";
      const job = jobOf(pod);
      return [name, numbered.get(name) ?? (job !== undefined && own.startsWith("cron.") ? `${own}.${job.split("-").at(-1)}` : own)];
    }),
  );
}

/** Of a pod that runs once. */
export function jobOf(pod: IPod): string | undefined {
  return pod.metadata?.labels?.["batch.kubernetes.io/job-name"];
}

function processOf({ pod, type, release, index }: Placed, { deployments, events = [] }: Picture, now: Instant): ObservedProcess {
  const status = statusOf(pod);
  const startedAt = instantOf(status?.state?.running?.startedAt) ?? instantOf(pod.metadata?.creationTimestamp) ?? now;
  const last = lastEnd(pod, events, minReadyOf(pod, deployments), now);
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
  return later(instantOf(ready.lastTransitionTime) ?? (0 as Instant), minReadyOf(pod, deployments) * 1000);
}

/** In seconds. */
function minReadyOf(pod: IPod, deployments: readonly IDeployment[]): number {
  const own = pod.metadata?.labels?.["app.kubernetes.io/instance"];
  return deployments.find(({ metadata }) => metadata?.name === own)?.spec?.minReadySeconds ?? 0;
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

function runOf(job: IJob, { pods, gone = [], events = [] }: Picture, now: Instant): Run[] {
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
  const own = pods.filter((pod) => jobOf(pod) === object);
  if (!done) {
    const failed =
      own.length > 0
        ? undefined
        : events.find(({ reason, involvedObject }) => reason === "FailedCreate" && involvedObject?.name === object)?.message;
    const refused = failed === undefined ? undefined : { why: `the cluster makes no pod for it: ${failed}` };
    const stuck = refused ?? own.map(troubleOf).find((each) => each && now - each.since >= each.patienceMs);
    if (stuck) return [{ ...common, phase: "exited", endedAt: now, outcome: { by: "unknown" }, timedOut: false, why: stuck.why }];
    return [{ ...common, phase: "running", pid: 1 }];
  }
  // The pod of one that was ended is removed when that is counted.
  const ended = [...own, ...gone.filter((pod) => jobOf(pod) === object)]
    .map((pod) => statusOf(pod)?.state?.terminated)
    .find((each) => each !== undefined);
  const timedOut = done.reason === "DeadlineExceeded";
  const outcome: Outcome = done.type === "Complete" ? { by: "exit", code: 0 } : ended ? outcomeOf(ended) : { by: "unknown" };
  return [{ ...common, phase: "exited", endedAt: instantOf(done.lastTransitionTime) ?? now, outcome, timedOut }];
}

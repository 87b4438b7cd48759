import { type Instant, Problem, type RunName, type Step } from "@douze/core";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import { jobOf, type Picture } from "../plan/observe.ts";

interface RunPlace {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly clock: () => Instant;
}

/** Ends a run by its deadline: its pod goes with so much grace, and its Job stays to tell what became of it. */
export async function endRun(
  { cluster, namespace, clock }: RunPlace,
  { jobs, pods }: Picture,
  { run, deadline }: Extract<Step, { do: "end-run" }>,
): Promise<void> {
  const job = jobs.find((each) => isOf(each, run));
  if (!job || isOver(job)) return;
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name && pod.metadata?.deletionTimestamp === undefined);
  // None was made yet, or none can be.
  if (own.length === 0) return await cluster.remove(kinds.job, namespace, job.metadata?.name ?? "");
  const graceSeconds = Math.max(1, Math.ceil((deadline - clock()) / 1000));
  for (const pod of own) await cluster.remove(kinds.pod, namespace, pod.metadata?.name ?? "", graceSeconds);
}

/** One that has ended stays to be looked at, until the cluster removes it by itself; one that never will is ended. */
export async function forgetRun({ cluster, namespace }: Omit<RunPlace, "clock">, { jobs }: Picture, run: RunName): Promise<void> {
  const job = jobs.find((each) => isOf(each, run));
  if (job && !isOver(job)) await cluster.remove(kinds.job, namespace, job.metadata?.name ?? "");
}

/** Of a one-off that its caller wants to start itself. */
export function notHere(run: string): Problem {
  return new Problem({
    code: "target-unfit",
    what: `${run} cannot run in this terminal`,
    why: "the environment runs in a cluster, and so does all that is run in it",
    fix: "`douze run --detach` starts it there; `douze logs -p` shows what it writes",
  });
}

function isOf({ metadata }: IJob, run: RunName): boolean {
  return metadata?.annotations?.["douze.dev/run"] === run;
}

function isOver({ status }: IJob): boolean {
  return status?.conditions?.some(({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True") ?? false;
}

import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "@douze/core";
import type { IPod } from "kubernetes-models/v1/Pod";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import { statusOf } from "../plan/ends.ts";
import { containerName } from "../plan/pod.ts";

/** A person's terminal: both ends of it, with its size. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Between two looks at a pod, and how long it may take to run, in milliseconds. */
const lookMs = 200;
const patienceMs = 120_000;

/**
 * Connects a terminal with the one pod of a Job, until its program ends.
 *
 * @returns the program's exit status
 * @throws Problem cluster-refused - the pod does not come to run
 */
export async function connectTerminal(cluster: Cluster, namespace: string, job: string, { input, output }: Terminal): Promise<number> {
  const running = await until(cluster, namespace, job, (pod) => statusOf(pod)?.state?.running ?? statusOf(pod)?.state?.terminated);
  const name = running.metadata?.name ?? "";
  if (statusOf(running)?.state?.running) {
    input.setRawMode(true);
    try {
      await cluster.attach({ namespace, pod: name, container: containerName }, input, output);
    } finally {
      input.setRawMode(false);
      input.pause();
    }
  }
  const ended = await until(cluster, namespace, job, (pod) => statusOf(pod)?.state?.terminated);
  return statusOf(ended)?.state?.terminated?.exitCode ?? 1;
}

async function until(cluster: Cluster, namespace: string, job: string, holds: (pod: IPod) => unknown): Promise<IPod> {
  const startedAt = performance.now();
  for (;;) {
    const { items } = await cluster.list<IPod & { readonly metadata: { readonly name: string } }>(
      kinds.pod,
      namespace,
      `batch.kubernetes.io/job-name=${job}`,
    );
    const pod = items.find((each) => holds(each));
    if (pod) return pod;
    if (performance.now() - startedAt > patienceMs) throw notRunning(job, items[0]);
    await pause(lookMs);
  }
}

function notRunning(job: string, pod: IPod | undefined): Problem {
  const { reason, message } = (pod && statusOf(pod)?.state?.waiting) ?? {};
  const scheduled = pod?.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return new Problem({
    code: "cluster-refused",
    what: `${job} does not run after ${patienceMs / 1000} s`,
    why: [reason, message, scheduled?.message].filter(Boolean).join(": ") || "the cluster has made no pod for it",
    fix: `\`kubectl describe job ${job}\` shows more`,
  });
}

import { type Instant, isOfProcess, releaseVersion, versionName } from "@douze/core";
import { type CrashBundle, type Mask, outcomeText } from "@douze/engine";
import type { IContainerStateTerminated } from "kubernetes-models/v1/ContainerStateTerminated";
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import { endOf, outcomeOf, statusOf, stoppedBy, stopText } from "../plan/ends.ts";
import { jobOf, type Picture, processNames } from "../plan/observe.ts";
import { lastWords } from "./pod-logs.ts";

/**
 * What is known of ends that nobody asked for, or that were not as they were asked for: the last of each pod that is there, and of those
 * that were seen to go.
 *
 * @param maskOf - what is secret to a pod; a pod of which nobody knows is told of without its lines
 */
export async function crashesOf(
  { pods, gone = [], events = [] }: Picture,
  process: string | undefined,
  maskOf: (pod: IPod) => Promise<Mask | undefined>,
): Promise<readonly CrashBundle[]> {
  const found: CrashBundle[] = [];
  const names = processNames([...pods, ...gone]);
  for (const pod of [...pods, ...gone]) {
    const name = names.get(pod.metadata?.name ?? "") ?? "";
    const ended = endOf(pod);
    const ending = ended && endingOf(pod, ended, events);
    const version = pod.metadata?.annotations?.["douze.dev/release"];
    if (!ended || ending === undefined || version === undefined || (process !== undefined && !isOfProcess(name, process))) continue;
    const release = releaseVersion(version);
    const restarts = statusOf(pod)?.restartCount ?? 0;
    const mask = await maskOf(pod);
    found.push({
      id: `${pod.metadata?.name}-${restarts}`,
      process: name,
      release,
      at: Date.parse(ended.finishedAt ?? "") as Instant,
      startedAt: Date.parse(ended.startedAt ?? "") as Instant,
      ending,
      command: pod.spec?.containers[0]?.command?.at(-1) ?? "",
      restarts,
      lines: mask ? lastWords(pod, name, versionName(release)).map((line) => ({ ...line, text: mask.text(line.text) })) : [],
    });
  }
  return found.sort((a, b) => b.at - a.at);
}

/** In the words of one machine; nothing for an end that is as it should be. */
function endingOf(pod: IPod, ended: IContainerStateTerminated, events: readonly IEvent[]): string | undefined {
  const outcome = outcomeOf(ended);
  const how = outcomeText(outcome);
  const stopped = stopText(pod, stoppedBy(pod, ended, events));
  if (stopped !== undefined) return stopped;
  const clean = ended.exitCode === 0;
  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (clean || (outcome.by === "signal" && outcome.signal === "SIGTERM")) return undefined;
    return outcome.by === "signal" && outcome.signal === "SIGKILL"
      ? "killed at the end of its grace: it ignored SIGTERM"
      : `${how} after SIGTERM`;
  }
  if (!clean) return ended.exitCode === 78 ? `${how}: its configuration is wrong` : how;
  return jobOf(pod) === undefined ? `${how}, but it should stay up` : undefined;
}

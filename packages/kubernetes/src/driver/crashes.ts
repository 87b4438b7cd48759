import { type Instant, isOfProcess, processName, versionName } from "@douze/core";
import { type CrashBundle, outcomeText } from "@douze/engine";
import type { IPod } from "kubernetes-models/v1/Pod";
import { outcomeOf, placed, statusOf } from "../plan/observe.ts";
import { lastWords } from "./pod-logs.ts";

/** What the cluster still knows of ends that nobody asked for: the last of each pod that is there. */
export function crashesOf(pods: readonly IPod[], process: string | undefined): readonly CrashBundle[] {
  return placed(pods)
    .flatMap(({ pod, type, release, index }): CrashBundle[] => {
      const name = processName({ process: type, index });
      const status = statusOf(pod);
      const ended = status?.state?.terminated ?? status?.lastState?.terminated;
      if (!ended || (process !== undefined && !isOfProcess(name, process))) return [];
      const at = Date.parse(ended.finishedAt ?? "") as Instant;
      return [
        {
          id: `${pod.metadata?.name}-${status?.restartCount ?? 0}`,
          process: name,
          release,
          at,
          startedAt: Date.parse(ended.startedAt ?? "") as Instant,
          ending: ended.reason === "OOMKilled" ? "over its memory limit" : outcomeText(outcomeOf(ended)),
          command: pod.spec?.containers[0]?.command?.at(-1) ?? "",
          restarts: status?.restartCount ?? 0,
          lines: lastWords(pod, name, versionName(release)),
        },
      ];
    })
    .sort((a, b) => b.at - a.at);
}

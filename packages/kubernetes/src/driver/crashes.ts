import { type Instant, processName } from "@douze/core";
import type { CrashBundle } from "@douze/engine";
import type { IPod } from "kubernetes-models/v1/Pod";
import { outcomeOf, placed, statusOf } from "../plan/observe.ts";

/** What the cluster still knows of ends that nobody asked for: the last of each pod that is there. */
export function crashesOf(pods: readonly IPod[], process: string | undefined): readonly CrashBundle[] {
  return placed(pods)
    .flatMap(({ pod, type, release, index }): CrashBundle[] => {
      const name = processName({ process: type, index });
      const status = statusOf(pod);
      const ended = status?.state?.terminated ?? status?.lastState?.terminated;
      if (!ended || (process !== undefined && process !== name && process !== type)) return [];
      const outcome = outcomeOf(ended);
      const at = Date.parse(ended.finishedAt ?? "") as Instant;
      const told =
        outcome.by === "exit" ? `exited with status ${outcome.code}` : outcome.by === "signal" ? `killed by ${outcome.signal}` : "ended";
      return [
        {
          id: `${pod.metadata?.name}-${status?.restartCount ?? 0}`,
          process: name,
          release,
          at,
          startedAt: Date.parse(ended.startedAt ?? "") as Instant,
          ending: ended.reason === "OOMKilled" ? "over its memory limit" : told,
          command: pod.spec?.containers[0]?.command?.at(-1) ?? "",
          restarts: status?.restartCount ?? 0,
          lines: (ended.message ?? "")
            .split("\n")
            .filter((text) => text !== "")
            .map((text) => ({ at, process: name, release: `v${release}`, stream: "stderr" as const, text })),
        },
      ];
    })
    .sort((a, b) => b.at - a.at);
}

import type { LogLine, LogQuery } from "@douze/core";
import { Problem } from "@douze/core";
import type { Cluster } from "../api/cluster.ts";
import { linesOf, matching, type Source } from "./pod-logs.ts";

/** Between two looks for pods that are new, in milliseconds. */
const lookMs = 500;

/**
 * What pods write from now on; new ones are taken in as they begin.
 *
 * @param told - lines that are known already
 */
export async function* followed(
  cluster: Cluster,
  namespace: string,
  sources: () => readonly Source[],
  query: LogQuery,
  told: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const waiting: LogLine[] = [];
  const reading = new Set<string>();
  let wake = (): void => undefined;
  const wanted = matching({ ...query, ...(query.until !== undefined && { until: query.until }) });
  const read = async (source: Source): Promise<void> => {
    const { last: _last, ...rest } = query;
    for await (const line of linesOf(cluster, namespace, source, { ...rest, follow: true }, signal)) {
      const key = `${line.process} ${line.at} ${line.text}`;
      if (told.delete(key) || !wanted(line)) continue;
      waiting.push(line);
      wake();
    }
  };
  while (!signal.aborted) {
    for (const source of sources()) {
      if (reading.has(source.pod)) continue;
      reading.add(source.pod);
      void read(source).catch((error: unknown) => {
        // It has not begun, or is gone again: it is looked at anew while it is there.
        if (error instanceof Problem || signal.aborted) reading.delete(source.pod);
        else throw error;
      });
    }
    yield* waiting.splice(0);
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const timer = setTimeout(resolve, lookMs);
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (waiting.length === 0) await promise;
    clearTimeout(timer);
  }
}

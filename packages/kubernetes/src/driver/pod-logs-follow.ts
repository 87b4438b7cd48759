import { type LogLine, type LogQuery, Problem } from "@douze/core";
import { type LogPlace, linesOf, matching, type Source } from "./pod-logs.ts";

/** Between two looks for pods that are new, or that were started again, in milliseconds. */
const lookMs = 500;

/**
 * What pods write from now on: those that were there from where they were read to, and new ones from their beginning.
 *
 * @param sources - the pods that are there now
 * @param readTo - by pod; changed in place
 */
export async function* followed(
  place: LogPlace,
  sources: () => readonly Source[],
  query: LogQuery,
  readTo: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const waiting: LogLine[] = [];
  const reading = new Set<string>();
  const before = new Set(sources().map(({ pod }) => pod));
  const wanted = matching(query);
  let fault: unknown;
  let wake = (): void => undefined;
  const read = async (source: Source): Promise<void> => {
    const { pod } = source;
    const from = readTo.get(pod);
    // One of which nothing was read yet begins now, if it was there; one that is new is read in whole.
    const first: LogQuery = { follow: true, ...(from === undefined && before.has(pod) && { last: 0 }) };
    for await (const { line, stamp } of linesOf(place, source, first, signal, from)) {
      readTo.set(pod, stamp);
      if (!wanted(line)) continue;
      waiting.push(line);
      wake();
    }
  };
  const begin = (source: Source): void => {
    reading.add(source.pod);
    read(source)
      // It has not begun, or is gone again.
      .catch((error: unknown) => {
        if (!(error instanceof Problem) && !signal.aborted) fault = error;
      })
      .finally(() => {
        before.add(source.pod);
        reading.delete(source.pod);
      });
  };
  const stop = (): void => wake();
  signal.addEventListener("abort", stop);
  try {
    while (!signal.aborted) {
      if (fault !== undefined) throw fault;
      for (const source of sources()) if (!reading.has(source.pod)) begin(source);
      yield* waiting.splice(0);
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, lookMs);
      if (waiting.length === 0 && !signal.aborted) await promise;
      clearTimeout(timer);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

import { grepInvalid, type Instant, isOfProcess, type LogLine, type LogQuery, Problem } from "@douze/core";
import type { IPod } from "kubernetes-models/v1/Pod";
import type { Cluster } from "../api/cluster.ts";
import { kinds, pathOf } from "../api/kinds.ts";
import { statusOf } from "../plan/ends.ts";
import { processNames } from "../plan/observe.ts";
import { containerName } from "../plan/pod.ts";
import type { Masking } from "./masking.ts";

/** A pod, and what its lines are told under. */
export interface Source {
  readonly pod: string;
  /** As it was last seen. */
  readonly object: IPod;
  readonly process: string;
  readonly release: string;
  /** What the cluster noted of its end, for when its log is out of reach. */
  readonly lastWords: readonly LogLine[];
}

/** The pods that a query is about, of those that have begun to write. */
export function sourcesOf(pods: readonly IPod[], processes: readonly string[] | undefined): Source[] {
  const names = processNames(pods);
  return pods.flatMap((pod) => {
    const { name = "", annotations = {} } = pod.metadata ?? {};
    const status = statusOf(pod);
    const begun = status?.state?.running !== undefined || status?.state?.terminated !== undefined || (status?.restartCount ?? 0) > 0;
    const release = annotations["douze.dev/release"] ?? "";
    const process = names.get(name) ?? "";
    const wanted = processes === undefined || processes.some((each) => isOfProcess(process, each));
    return begun && wanted && process !== ""
      ? [{ pod: name, object: pod, process, release, lastWords: lastWords(pod, process, release) }]
      : [];
  });
}

/** A line, and the moment that the kubelet gave it, to the nanosecond: it tells lines apart that came within one millisecond. */
export interface Stamped {
  readonly line: LogLine;
  /** `2026-11-21T14:00:00.123456789`, always with nine digits, so that texts compare as moments do. */
  readonly stamp: string;
}

/** Where lines are read. */
export interface LogPlace {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly masking: Masking;
}

/** What is stored of some pods' lines, oldest first, and up to where each pod was read. */
export async function storedLines(
  place: LogPlace,
  sources: readonly Source[],
  query: LogQuery,
  signal: AbortSignal,
): Promise<{ readonly lines: readonly LogLine[]; readonly readTo: Map<string, string> }> {
  const readTo = new Map<string, string>();
  const each = await Promise.all(
    sources.map(async (source) => {
      const lines: LogLine[] = [];
      try {
        for await (const { line, stamp } of linesOf(place, source, { ...query, follow: false }, signal)) {
          lines.push(line);
          readTo.set(source.pod, stamp);
        }
      } catch (error) {
        // Its machine is gone, or does not answer: what the pod's own record says is better than nothing.
        if (!(error instanceof Problem)) throw error;
        const mask = await place.masking.of(source.object).catch(() => undefined);
        return mask ? source.lastWords.map((line) => ({ ...line, text: mask.text(line.text) })) : [];
      }
      return lines;
    }),
  );
  const all = each
    .flat()
    .filter(matching(query))
    .sort((a, b) => a.at - b.at);
  return { readTo, lines: query.last === undefined ? all : query.last === 0 ? [] : all.slice(-query.last) };
}

/**
 * A pod's lines as the kubelet keeps them, with what is secret in them hidden.
 *
 * @param after - only those that came later than this stamp
 */
export async function* linesOf(
  { cluster, namespace, masking }: LogPlace,
  { pod, object, process, release }: Source,
  { since, last, follow = false, grep }: LogQuery,
  signal: AbortSignal,
  after?: string,
): AsyncGenerator<Stamped> {
  const mask = await masking.of(object);
  const from = after === undefined ? since && new Date(since).toISOString() : `${after}Z`;
  const parameters = {
    container: containerName,
    timestamps: "true",
    ...(follow && { follow: "true" }),
    ...(from !== undefined && { sinceTime: from }),
    // With an expression the last lines that match may lie further back.
    ...(last !== undefined && grep === undefined && { tailLines: String(last) }),
  };
  for await (const text of cluster.lines(`${pathOf(kinds.pod, namespace, pod)}/log`, parameters, signal)) {
    const blank = text.indexOf(" ");
    const stamp = stampOf(text.slice(0, blank));
    if (stamp === undefined || (after !== undefined && stamp <= after)) continue;
    yield {
      stamp,
      line: { at: Date.parse(`${stamp}Z`) as Instant, process, release, stream: "stdout", text: mask.text(text.slice(blank + 1)) },
    };
  }
}

/** Trailing noughts are left out where it comes from. */
function stampOf(text: string): string | undefined {
  const [, moment, fraction = ""] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  return moment === undefined ? undefined : `${moment}.${fraction.padEnd(9, "0")}`;
}

/** What the cluster noted of the last end of what ran in a pod. */
export function lastWords(pod: IPod, process: string, release: string): LogLine[] {
  const status = statusOf(pod);
  const { message = "", finishedAt = "" } = status?.state?.terminated ?? status?.lastState?.terminated ?? {};
  const at = Date.parse(finishedAt) as Instant;
  return message.split("\n").flatMap((text) => (text === "" ? [] : [{ at, process, release, stream: "stderr" as const, text }]));
}

export function matching({ since, until, grep }: LogQuery): (line: LogLine) => boolean {
  const expression = grep === undefined ? undefined : expressionOf(grep);
  return ({ at, text }) => (since === undefined || at >= since) && (until === undefined || at < until) && (expression?.test(text) ?? true);
}

function expressionOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw grepInvalid(text, (cause as Error).message);
  }
}

import type { ResourceType } from "../model/manifest.ts";

/** What bounds a process of a type. What is absent is not bounded. */
export interface ProcessLimits {
  readonly memoryBytes?: number;
  readonly cores?: number;
  readonly processes?: number;
  readonly files?: number;
}

/** Of an environment, what should be the same in another one for the app to behave the same. */
export interface EnvironmentFacts {
  /** By process type. */
  readonly processes: Readonly<Record<string, ProcessLimits>>;
  /** By name; `server` is which one answers, `PostgreSQL 18.4`, and absent when none did. */
  readonly resources: Readonly<Record<string, { readonly type: ResourceType; readonly server?: string }>>;
  readonly config: Readonly<Record<string, { readonly secret: boolean; readonly live: boolean }>>;
}

/** One thing in which two environments differ, in words for people. */
export interface Disparity {
  readonly kind: "process" | "limit" | "resource" | "config";
  readonly name: string;
  readonly one: string;
  readonly other: string;
}

const absent = "-";
const limits = ["memoryBytes", "cores", "processes", "files"] as const;

/**
 * Where two environments differ in more than size and values: process types, limits, kind and version of backing services, config keys. How
 * many run and which values they have is what environments are for. Pure.
 *
 * @see https://12factor.net/dev-prod-parity
 */
export function disparities(one: EnvironmentFacts, other: EnvironmentFacts): readonly Disparity[] {
  const found: Disparity[] = [];
  const compare = (kind: Disparity["kind"], name: string, first: string, second: string): void => {
    if (first !== second) found.push({ kind, name, one: first, other: second });
  };
  for (const type of names(one.processes, other.processes)) {
    const [first, second] = [one.processes[type], other.processes[type]];
    compare("process", type, first ? "runs" : absent, second ? "runs" : absent);
    if (first && second)
      for (const limit of limits) compare("limit", `${type} ${limit}`, boundText(first[limit]), boundText(second[limit]));
  }
  for (const name of names(one.resources, other.resources)) {
    const [first, second] = [one.resources[name], other.resources[name]];
    if (first?.type !== second?.type) compare("resource", name, first?.type ?? absent, second?.type ?? absent);
    else compare("resource", name, first?.server ?? "did not answer", second?.server ?? "did not answer");
  }
  for (const key of names(one.config, other.config)) compare("config", key, keyText(one.config[key]), keyText(other.config[key]));
  return found;
}

function names(one: object, other: object): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
}

function boundText(bound: number | undefined): string {
  return bound === undefined ? "unbounded" : String(bound);
}

function keyText(key: { readonly secret: boolean; readonly live: boolean } | undefined): string {
  if (!key) return absent;
  return [key.secret ? "secret" : "set", key.live && "live"].filter(Boolean).join(", ");
}

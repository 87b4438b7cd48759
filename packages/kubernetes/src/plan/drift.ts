import type { KubernetesObject } from "./object.ts";

/** A field of an object that is not as the current release has it. */
export interface Drift {
  /** `Deployment shop-web` */
  readonly object: string;
  /** `spec.replicas`; empty where the whole object is gone. */
  readonly field: string;
  /** As JSON; absent where it is not there, and for whatever is in a Secret. */
  readonly live?: string;
  readonly wanted?: string;
  /** Who set it, as the cluster calls them. Absent where that is not known. */
  readonly by?: string;
}

/** What the cluster keeps by itself of every object. */
const kept = new Set(["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"]);

/**
 * In what an object differs from what it would be if the release were applied again. Pure.
 *
 * @param live - as it is; absent where it is gone
 * @param wanted - as the cluster says that it would be
 * @param owners - who has set fields that the release has too, by path
 */
export function driftOf(
  object: string,
  live: KubernetesObject | undefined,
  wanted: KubernetesObject,
  owners: ReadonlyMap<string, string>,
): readonly Drift[] {
  if (!live) return [{ object, field: "" }];
  const secret = wanted.kind === "Secret";
  const found: Drift[] = [];
  const compare = (path: readonly string[], is: unknown, should: unknown): void => {
    if (path.length === 1 && path[0] === "status") return;
    if (path.length === 2 && path[0] === "metadata" && kept.has(path[1] ?? "")) return;
    if (isTable(is) && isTable(should)) {
      for (const key of [...new Set([...Object.keys(is), ...Object.keys(should)])].sort()) compare([...path, key], is[key], should[key]);
      return;
    }
    if (JSON.stringify(is) === JSON.stringify(should)) return;
    const field = path.join(".");
    const by = [...owners].find(([owned]) => owned === field || owned.startsWith(`${field}.`) || owned.startsWith(`${field}[`))?.[1];
    const shown = secret && path[0] !== "metadata" ? {} : { ...jsonOf("live", is), ...jsonOf("wanted", should) };
    found.push({ object, field, ...shown, ...(by !== undefined && { by }) });
  };
  compare([], live, wanted);
  return found;
}

/** Who else has fields, from what the cluster says against an apply that takes none over. */
export function ownersIn(causes: readonly { readonly field?: string; readonly message?: string }[]): ReadonlyMap<string, string> {
  return new Map(
    causes.flatMap(({ field = "", message = "" }) => {
      const by = /conflict with "([^"]+)"/.exec(message)?.[1];
      return by === undefined ? [] : [[field.replace(/^\./, ""), by] as const];
    }),
  );
}

function jsonOf(name: "live" | "wanted", value: unknown): { readonly [key in typeof name]?: string } {
  return value === undefined ? {} : { [name]: JSON.stringify(value) };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { Digest, ReleaseVersion } from "../model/ids.ts";
import type { Release } from "../model/release.ts";

/** One thing that differs. Values are absent where they are secret. */
export interface Difference {
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly from?: string;
  readonly to?: string;
}

/** What differs between two releases. */
export interface ReleaseDifference {
  readonly from: ReleaseVersion;
  readonly to: ReleaseVersion;
  readonly build?: { readonly from: Digest; readonly to: Digest; readonly fromCommit?: string; readonly toCommit?: string };
  readonly config: readonly Difference[];
  readonly attachments: readonly Difference[];
  readonly formation: readonly Difference[];
  readonly manifest: readonly Difference[];
}

/** Compares two releases, unsealed and with their amendments. Secrets are compared, and never shown. */
export function diffReleases(from: Release, to: Release): ReleaseDifference {
  const { commit: fromCommit } = from.source;
  const { commit: toCommit } = to.source;
  return {
    from: from.version,
    to: to.version,
    ...(from.build !== to.build && {
      build: {
        from: from.build,
        to: to.build,
        ...(fromCommit !== undefined && { fromCommit }),
        ...(toCommit !== undefined && { toCommit }),
      },
    }),
    config: differences(
      from.config,
      to.config,
      ({ value, live }) => JSON.stringify([value, live]),
      ({ value, secret }) => (secret ? undefined : value),
    ),
    attachments: differences(
      from.attachments,
      to.attachments,
      ({ kind, url, as }) => JSON.stringify([kind, kind === "url" ? url : "", as]),
      ({ kind, address, as }) => `${kind === "embedded" ? "embedded" : address} as ${as}`,
    ),
    formation: differences(from.formation, to.formation, String, String),
    manifest: [
      ...named(
        "",
        differences(
          from.manifest.processes,
          to.manifest.processes,
          (each) => JSON.stringify(each),
          ({ command }) => command,
        ),
      ),
      ...named(
        "cron ",
        differences(
          from.manifest.cron,
          to.manifest.cron,
          (each) => JSON.stringify(each),
          ({ schedule, command }) => `${schedule} ${command}`,
        ),
      ),
      ...named(
        "release task",
        differences(
          one(from.manifest.release),
          one(to.manifest.release),
          (each) => JSON.stringify(each),
          ({ command }) => command,
        ),
      ),
    ],
  };
}

function differences<T>(
  from: Readonly<Record<string, T>>,
  to: Readonly<Record<string, T>>,
  essence: (value: T) => string,
  shown: (value: T) => string | undefined,
): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((name): Difference[] => {
    const [a, b] = [from[name], to[name]];
    if (a !== undefined && b !== undefined && essence(a) === essence(b)) return [];
    const [before, after] = [a === undefined ? undefined : shown(a), b === undefined ? undefined : shown(b)];
    const change = a === undefined ? "added" : b === undefined ? "removed" : "changed";
    return [{ name, change, ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) }];
  });
}

function named(prefix: string, list: readonly Difference[]): Difference[] {
  return list.map((each) => ({ ...each, name: `${prefix}${each.name}` }));
}

function one<T>(value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { "": value };
}

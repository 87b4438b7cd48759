import type { DesiredRelease, Instant, ProcessType, ReleaseVersion } from "@douze/core";
import { currentOf } from "./history.ts";
import type { Home } from "./home.ts";

/** Since when processes must have been started, for `douze restart`. Kept in memory: a new engine starts nothing anew for it. */
export class Refreshed {
  readonly #types = new Map<string, Instant>();
  readonly #slots = new Map<string, Instant>();
  #release: ReleaseVersion | undefined;

  mark(names: readonly string[], home: Home, now: Instant): void {
    const current = currentOf(home.ledger.records());
    if (!current) return;
    if (this.#release !== current.release.version) this.#clear(current.release.version);
    const all = names.length === 0 ? Object.keys(current.release.manifest.processes) : names;
    for (const name of all) (name.includes(".") ? this.#slots : this.#types).set(name, now);
  }

  of(release: ReleaseVersion): Pick<DesiredRelease, "freshSince" | "freshSlots"> {
    if (release !== this.#release) return { freshSince: {}, freshSlots: {} };
    return { freshSince: Object.fromEntries(this.#types) as Record<ProcessType, Instant>, freshSlots: Object.fromEntries(this.#slots) };
  }

  #clear(release: ReleaseVersion): void {
    this.#release = release;
    this.#types.clear();
    this.#slots.clear();
  }
}

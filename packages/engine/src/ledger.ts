import { type Amendment, Problem, type Release, type ReleaseOutcome, type ReleaseVersion, versionName } from "@douze/core";
import { seal, unseal } from "@douze/secrets";
import { amendmentEntry, type Hidden, hideValues, outcomeEntry, releaseEntry, restoreValues } from "./ledger-entry.ts";
import type { LedgerKey } from "./ledger-key.ts";
import type { LedgerStore } from "./ledger-store.ts";

/** A release as it is written: whatever is secret in it is sealed, and `null` in its place. */
export interface LedgerRecord {
  readonly release: Release;
  readonly outcome?: ReleaseOutcome;
  readonly amendments: readonly Amendment[];
}

/**
 * The releases of one environment, an entry each: `v12.json`, written once and never changed; beside it `v12.outcome.json`,
 * once it is known what became of it, and `v12.0001.json` … for what changed within it. Nothing is ever rewritten.
 *
 * One engine at a time may write: it holds the environment's lock.
 */
export class Ledger {
  readonly #store: LedgerStore;
  readonly #key: LedgerKey;
  readonly #records: Map<ReleaseVersion, LedgerRecord>;

  private constructor(store: LedgerStore, key: LedgerKey, records: Map<ReleaseVersion, LedgerRecord>) {
    this.#store = store;
    this.#key = key;
    this.#records = records;
  }

  /**
   * Reads every entry.
   *
   * @throws Problem ledger-unreadable - an entry is damaged; nothing is changed, and the message names the file
   */
  static async open(store: LedgerStore, key: LedgerKey): Promise<Ledger> {
    const entries = await store.read();
    const names = [...entries.keys()].sort();
    const releases = names.filter((name) => /^v[1-9]\d*\.json$/.test(name));
    const records = new Map<ReleaseVersion, LedgerRecord>();
    const read = (name: string): { file: string; text: string } => ({ file: store.place(name), text: entries.get(name) ?? "" });
    for (const name of releases) {
      const { file, text } = read(name);
      const release = releaseEntry(text, file);
      const prefix = versionName(release.version);
      if (`${prefix}.json` !== name) throw mismatch(file, prefix);
      const amendments: Amendment[] = [];
      for (const own of names.filter((each) => each.startsWith(`${prefix}.`) && /^v\d+\.\d{4,}\.json$/.test(each))) {
        const entry = read(own);
        amendments.push(amendmentEntry(entry.text, entry.file));
      }
      const outcome = names.includes(`${prefix}.outcome.json`) ? read(`${prefix}.outcome.json`) : undefined;
      records.set(release.version, {
        release,
        amendments,
        ...(outcome && { outcome: outcomeEntry(outcome.text, outcome.file) }),
      });
    }
    return new Ledger(store, key, new Map([...records].sort(([a], [b]) => a - b)));
  }

  /** Oldest first. Secret values are empty in these. */
  records(): readonly LedgerRecord[] {
    return [...this.#records.values()];
  }

  get(version: ReleaseVersion): LedgerRecord | undefined {
    return this.#records.get(version);
  }

  next(): ReleaseVersion {
    return (Math.max(0, ...this.#records.keys()) + 1) as ReleaseVersion;
  }

  /**
   * The release with its secret values.
   *
   * @throws Problem ledger-unreadable - the sealed part is damaged
   * @throws Problem secrets-key-wrong - no key at hand opens it
   */
  async unsealed(version: ReleaseVersion): Promise<Release> {
    const record = this.#records.get(version);
    if (!record) throw unknownRelease(version);
    const sealed = sealedPart((await this.#store.entry(`${versionName(version)}.json`)) ?? "{}");
    if (sealed === undefined) return record.release;
    const hidden = JSON.parse(await unseal(sealed, [await this.#key()])) as Hidden;
    return restoreValues(record.release, hidden);
  }

  async append(release: Release): Promise<void> {
    const { open, hidden } = hideValues(release);
    const sealed = hidden && (await seal(JSON.stringify(hidden), [(await this.#key()).recipient]));
    await this.#write(`${versionName(release.version)}.json`, { format: 1, ...open, ...(sealed && { sealed }) });
    this.#records.set(release.version, { release: open, amendments: [] });
  }

  /** Says what became of a release. The first answer stands. */
  async close(version: ReleaseVersion, outcome: ReleaseOutcome): Promise<void> {
    const record = this.#records.get(version);
    if (!record) throw unknownRelease(version);
    if (record.outcome) return;
    await this.#write(`${versionName(version)}.outcome.json`, outcome);
    this.#records.set(version, { ...record, outcome });
  }

  async amend(version: ReleaseVersion, amendment: Amendment): Promise<void> {
    const record = this.#records.get(version);
    if (!record) throw unknownRelease(version);
    const number = String(record.amendments.length + 1).padStart(4, "0");
    await this.#write(`${versionName(version)}.${number}.json`, amendment);
    this.#records.set(version, { ...record, amendments: [...record.amendments, amendment] });
  }

  async #write(name: string, entry: object): Promise<void> {
    await this.#store.write(name, `${JSON.stringify(entry, null, 2)}\n`);
  }
}

/** @throws nothing: for the caller to throw */
export function unknownRelease(version: ReleaseVersion): Problem {
  return new Problem({
    code: "release-unknown",
    what: `there is no release ${versionName(version)}`,
    why: "the ledger of this environment has no such number",
    fix: "`douze releases` lists them",
  });
}

function sealedPart(text: string): string | undefined {
  const entry = JSON.parse(text) as { readonly sealed?: unknown };
  return typeof entry.sealed === "string" ? entry.sealed : undefined;
}

function mismatch(file: string, says: string): Problem {
  return new Problem({
    code: "ledger-unreadable",
    what: `${file} is not what its name says`,
    why: `it holds ${says}`,
    fix: "give the file back the name it had, or restore the ledger's folder from a backup",
    places: [{ file, line: 1, column: 1 }],
  });
}

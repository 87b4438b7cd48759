import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Instant, type Outcome, Problem, type ReleaseVersion, type RunName } from "@douze/core";
import { writeWhole } from "./files.ts";

/** A one-off as it was started. */
export interface RunRecord {
  readonly run: RunName;
  readonly kind: "run" | "cron" | "postdeploy";
  readonly command: string;
  readonly release?: ReleaseVersion;
  readonly by: string;
  readonly startedAt: Instant;
  /** Of the manifest's `cron`, for `kind: cron`. */
  readonly entry?: string;
  readonly scheduledAt?: Instant;
  /** Its caller runs it in a terminal of its own, and tells when it ended. */
  readonly attached?: { readonly pid: number };
  readonly ended?: RunEnd;
}

export type RunResult = "succeeded" | "failed" | "timed-out" | "missed" | "skipped" | "replaced";

export interface RunEnd {
  readonly at: Instant;
  readonly result: RunResult;
  readonly outcome?: Outcome;
}

/** How many ended runs of one kind and entry are kept. */
const keptRuns = 200;

/** The one-offs of one environment, as plain files: `run.7.json`, written when it starts, and `run.7.end.json`. */
export class RunBook {
  readonly #directory: string;
  readonly #records: Map<RunName, RunRecord>;

  private constructor(directory: string, records: Map<RunName, RunRecord>) {
    this.#directory = directory;
    this.#records = records;
  }

  /** @throws Problem ledger-unreadable - a record is damaged */
  static async open(directory: string): Promise<RunBook> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const records = new Map<RunName, RunRecord>();
    const names = (await readdir(directory)).filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort();
    for (const name of names.filter((each) => !each.endsWith(".end.json"))) {
      const record = await readEntry<RunRecord>(join(directory, name));
      const end = name.replace(/json$/, "end.json");
      records.set(record.run, names.includes(end) ? { ...record, ended: await readEntry<RunEnd>(join(directory, end)) } : record);
    }
    return new RunBook(directory, records);
  }

  /** In the order they were started. */
  records(): readonly RunRecord[] {
    return [...this.#records.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  get(run: RunName): RunRecord | undefined {
    return this.#records.get(run);
  }

  /** The next free name `run.N`. */
  nextName(): RunName {
    const numbers = [...this.#records.keys()].flatMap((name) => (/^run\.(\d+)$/.test(name) ? [Number(name.slice(4))] : []));
    return `run.${Math.max(0, ...numbers) + 1}` as RunName;
  }

  async start(record: RunRecord): Promise<void> {
    const { ended, ...started } = record;
    this.#records.set(record.run, record);
    try {
      await this.#write(`${record.run}.json`, started);
    } catch (error) {
      this.#records.delete(record.run);
      throw error;
    }
    if (ended) await this.end(record.run, ended);
  }

  /** The first answer stands. */
  async end(run: RunName, ended: RunEnd): Promise<void> {
    const record = this.#records.get(run);
    if (!record) return;
    if (!record.ended) {
      this.#records.set(run, { ...record, ended });
      try {
        await this.#write(`${run}.end.json`, ended);
      } catch (error) {
        // To be told again: what is known only here would be forgotten with the engine.
        this.#records.set(run, record);
        throw error;
      }
    }
    await this.#prune(record);
  }

  async #prune(like: RunRecord): Promise<void> {
    const ended = this.records().filter((each) => each.kind === like.kind && each.entry === like.entry && each.ended);
    for (const { run } of ended.slice(0, -keptRuns)) {
      this.#records.delete(run);
      // The end goes last: a start after a crash in between finds no run that never ended.
      await unlink(join(this.#directory, `${run}.json`));
      await unlink(join(this.#directory, `${run}.end.json`));
    }
  }

  async #write(name: string, entry: object): Promise<void> {
    await writeWhole(join(this.#directory, name), `${JSON.stringify(entry)}\n`);
  }
}

async function readEntry<T>(file: string): Promise<T> {
  const text = await readFile(file, "utf8");
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Problem({
      code: "ledger-unreadable",
      what: `the record ${file} cannot be read`,
      why: text.trim() === "" ? "it is empty" : "it is not JSON",
      fix: "restore the file from a backup of the state folder, or delete it to forget this run",
      places: [{ file, line: 1, column: 1 }],
      cause,
    });
  }
}

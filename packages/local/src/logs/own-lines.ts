import type { Instant } from "@douze/core";
import type { Mask } from "@douze/engine";
import type { Batch } from "./batch.ts";
import type { Source } from "./segment.ts";
import type { Stream } from "./spool.ts";

/** More is dropped, and the count of it told: it can only pile up while the disk takes nothing. */
const mostBytes = 4 * 1024 * 1024;
/** Lines that share a frame share its time, so they are at most this far apart. Milliseconds. */
const sameTimeMs = 5;

interface Entry {
  readonly source: Source;
  readonly stream: Stream;
  readonly at: Instant;
  text: string;
}

interface Pending {
  readonly entries: Entry[];
  readonly dropped: number;
  /** How many lines had ever been appended by then. */
  readonly appended: number;
}

/** The platform's own lines, from `append` until a turn has written them. */
export class OwnLines {
  #entries: Entry[] = [];
  #bytes = 0;
  #dropped = 0;
  #appended = 0;
  #settled = 0;
  #pending: Pending = { entries: [], dropped: 0, appended: 0 };

  get empty(): boolean {
    return this.#entries.length === 0 && this.#dropped === 0;
  }

  /** How many lines were ever appended. */
  get appended(): number {
    return this.#appended;
  }

  /** How many of them were stored or dropped. */
  get settled(): number {
    return this.#settled;
  }

  append(source: Source, stream: Stream, text: string, at: Instant): void {
    const line = `${text}\n`;
    this.#appended++;
    if (this.#bytes + line.length > mostBytes) {
      this.#dropped++;
      return;
    }
    this.#bytes += line.length;
    const last = this.#entries.at(-1);
    if (last !== undefined && joins(last, source, stream, at)) last.text += line;
    else this.#entries.push({ source, stream, at, text: line });
  }

  /** Puts all of them into a batch. */
  take(batch: Batch, marker: Buffer, mask: Mask, now: Instant, indexOf: (source: Source) => number): void {
    this.#pending = { entries: this.#entries, dropped: this.#dropped, appended: this.#appended };
    this.#entries = [];
    this.#dropped = 0;
    const add = ({ source, stream, at, text }: Entry): void => {
      const clear = Buffer.from(text);
      const header = { kind: "lines", source: indexOf(source), at, stream, continues: false, offset: 0, length: 0 } as const;
      batch.add(marker, header, mask.masked(clear) ?? clear);
    };
    for (const entry of this.#pending.entries) add(entry);
    const { dropped } = this.#pending;
    if (dropped === 0) return;
    const text = `${dropped} lines of the platform's own are missing here: the log store could not write\n`;
    add({ source: { process: "douze", release: "" }, stream: "stderr", at: now, text });
  }

  /** What was taken is stored. */
  commit(): void {
    for (const { text } of this.#pending.entries) this.#bytes -= text.length;
    this.#settled = this.#pending.appended;
    this.#pending = { entries: [], dropped: 0, appended: this.#settled };
  }

  /** What was taken could not be stored and is to be taken again. */
  rollBack(): void {
    this.#entries = [...this.#pending.entries, ...this.#entries];
    this.#dropped += this.#pending.dropped;
    this.#pending = { entries: [], dropped: 0, appended: this.#settled };
  }
}

function joins(last: Entry, source: Source, stream: Stream, at: Instant): boolean {
  if (last.stream !== stream || at < last.at || at - last.at > sameTimeMs) return false;
  return last.source.process === source.process && last.source.release === source.release;
}

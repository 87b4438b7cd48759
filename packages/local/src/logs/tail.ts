import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import type { Instant } from "@douze/core";
import type { Mask } from "@douze/engine";
import type { Batch } from "./batch.ts";
import { cut } from "./cut.ts";
import { firstData } from "./first-data.ts";
import type { FrameHeader } from "./frame.ts";
import type { KnownSpool, Stream } from "./spool.ts";

const printBytes = 16;

export interface Place {
  readonly batch: Batch;
  readonly mask: Mask;
  readonly marker: Buffer;
  readonly source: number;
  readonly now: number;
}

/**
 * One file of a spool, read from where the store's copy of it ends. Reads are synchronous: what was just written lies in
 * the kernel's memory, and a call there and back through the thread pool would cost ten times as much.
 */
export class Tail implements Disposable {
  readonly known: KnownSpool;
  readonly stream: Stream;
  readonly path: string;
  #file: number | undefined;
  /** Up to here it was read; the store holds it once the batch is written. */
  #ahead: number;
  /** The last bytes before that place: should they change, the file was written anew. */
  #print: Buffer | undefined;
  #modifiedMs = 0;
  #sizeWhenWaiting = -1;
  #caughtUp = false;
  #end: number | undefined;
  #ending = false;
  #rewritten = false;
  #told = false;
  #looks = 0;
  #settledLook = 0;

  constructor(known: KnownSpool, stream: Stream) {
    this.known = known;
    this.stream = stream;
    this.path = known.spool[stream];
    this.#ahead = known.copied[stream];
  }

  /** Up to here the store holds it. */
  get copied(): number {
    return this.known.copied[this.stream];
  }

  /** Its present size, to wait for; 0 when it is not there. */
  get sizeBytes(): number {
    const file = this.#opened();
    return file === undefined ? 0 : fstatSync(file).size;
  }

  /** Its writer is gone: what it has now is all, and its last line may lack the newline. */
  end(): void {
    this.#ending = true;
  }

  get ending(): boolean {
    return this.#ending;
  }

  /** Its own writer truncated it. True once. */
  takeRewritten(): boolean {
    if (!this.#rewritten || this.#told) return false;
    this.#told = true;
    return true;
  }

  /** Reads at most one frame into the batch. Returns whether more can be read at once. */
  look({ batch, mask, marker, source, now }: Place): boolean {
    this.#looks++;
    const file = this.#opened();
    if (file === undefined) return false;
    const stats = fstatSync(file);
    this.#noticeRewrite(file, stats);
    if (this.#ending) this.#end ??= stats.size;
    const available = (this.#end ?? stats.size) - this.#ahead;
    if (available <= 0 || (!this.#ending && stats.size === this.#sizeWhenWaiting)) return this.#quiet();

    const room = batch.room();
    const chunk = room.subarray(0, readSync(file, room, 0, Math.min(room.length, available), this.#ahead));
    const reached = chunk.length === available;
    const { length, continues } = cut(chunk, this.#ending && reached, mask.reserveBytes);
    const whole = chunk.subarray(0, continues ? mask.before(chunk, length) : length);
    if (reached && !this.#ending) this.#sizeWhenWaiting = stats.size;
    if (whole.length === 0) return this.#quiet();

    const at = (this.#caughtUp ? now : Math.min(now, Math.trunc(stats.mtimeMs))) as Instant;
    const header: FrameHeader = { kind: "lines", source, at, stream: this.stream, continues, offset: this.#ahead, length: whole.length };
    this.#ahead += whole.length;
    this.#print = Buffer.from(whole.subarray(-printBytes));
    const masked = mask.masked(whole);
    if (masked === undefined) batch.addRead(marker, header);
    else batch.add(marker, header, masked);
    if (this.#ending ? whole.length < available : !reached) return true;
    return this.#quiet();
  }

  /** How many looks were begun. */
  get looks(): number {
    return this.#looks;
  }

  /** The last look that found nothing more that could be stored, all before it being stored. */
  get settledLook(): number {
    return this.#settledLook;
  }

  /** What the last look read is stored. */
  commit(quiet: boolean): void {
    this.known.copied[this.stream] = this.#ahead;
    if (quiet) this.#settledLook = this.#looks;
  }

  /** What was read could not be stored and is to be read again. */
  rollBack(): void {
    if (this.#ahead === this.copied) return;
    this.#ahead = this.copied;
    this.#print = undefined;
    this.#sizeWhenWaiting = -1;
  }

  /** What was written while nobody followed bears the time of the last write; from the first quiet moment on, that of the look. */
  #quiet(): false {
    this.#caughtUp = true;
    return false;
  }

  #noticeRewrite(file: number, stats: Stats): void {
    const same = stats.size === this.#ahead && stats.mtimeMs === this.#modifiedMs;
    this.#modifiedMs = stats.mtimeMs;
    if (same || (stats.size >= this.#ahead && this.#printStands(file))) return;
    this.#ahead = 0;
    this.known.copied[this.stream] = 0;
    this.#print = undefined;
    this.#sizeWhenWaiting = -1;
    this.#end = undefined;
    this.#rewritten = true;
  }

  /** `echo … > /dev/stderr` truncates the file and writes it from its beginning; its size alone may not tell. */
  #printStands(file: number): boolean {
    const bytes = Math.min(printBytes, this.#print?.length ?? this.#ahead);
    const now = Buffer.alloc(bytes);
    readSync(file, now, 0, bytes, this.#ahead - bytes);
    this.#print ??= now;
    return this.#print.equals(now);
  }

  #opened(): number | undefined {
    if (this.#file !== undefined) return this.#file;
    try {
      this.#file = openSync(this.path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    if (this.known.fresh && this.#ahead === 0) this.#ahead = firstData(this.#file);
    // Shorter than what was copied of it before this attach: the machine lost its power, and the file its end.
    this.#ahead = Math.min(this.#ahead, fstatSync(this.#file).size);
    this.known.copied[this.stream] = this.#ahead;
    return this.#file;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

import { lineLimitBytes } from "./cut.ts";
import { encodeHeader, type FrameHeader, headerBytes } from "./frame.ts";

const batchBytes = 1024 * 1024;
/** A frame's body at most; smaller than a batch, so that a flood of one process leaves room for the others. */
const chunkBytes = 256 * 1024;
/** With less room the longest line that is waited for would not fit, together with what is kept back of it. */
const leastRoomBytes = 2 * lineLimitBytes;

/**
 * The frames of one turn, written with one call. Output is read from its spool to where it stays until it is written, so
 * that it is not copied and no text is made of it. One batch is also the bound of what a turn of the event loop does.
 */
export class Batch {
  readonly #space = Buffer.allocUnsafeSlow(batchBytes);
  #parts: Buffer[] = [];
  #used = 0;

  /** To be written one after the other. */
  get parts(): readonly Buffer[] {
    return this.#parts;
  }

  /** Takes no more in this turn. */
  get full(): boolean {
    return batchBytes - this.#used < headerBytes + leastRoomBytes;
  }

  /** Where the body of the next frame can be read to. */
  room(): Buffer {
    const start = this.#used + headerBytes;
    return this.#space.subarray(start, Math.min(start + chunkBytes, batchBytes));
  }

  /** Adds a frame whose body is what was read to the beginning of `room()`. */
  addRead(marker: Buffer, header: FrameHeader): void {
    const frame = this.#space.subarray(this.#used, this.#used + headerBytes + header.length);
    encodeHeader(frame, marker, header, frame.subarray(headerBytes));
    this.#used += frame.length;
    this.#parts.push(frame);
  }

  /** Adds a frame whose body lies elsewhere. */
  add(marker: Buffer, header: FrameHeader, body: Buffer): void {
    const head = Buffer.allocUnsafe(headerBytes);
    encodeHeader(head, marker, header, body);
    this.#parts.push(head, body);
  }

  /** Adds a frame that is encoded already. */
  addWhole(frame: Buffer): void {
    this.#parts.push(frame);
  }

  clear(): void {
    this.#parts = [];
    this.#used = 0;
  }
}

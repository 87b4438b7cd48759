import type { Framing } from "./framing.ts";

/** What was found in a piece of a body. */
export interface Cut {
  /** How many bytes of the piece belong to this body. */
  readonly taken: number;
  readonly done: boolean;
  readonly flaw?: string;
  /** What is sound, to be passed on: a line between chunks only when it is whole, and was found to be good. */
  readonly sound: Buffer;
}

const longestChunkLine = 256;
const longestTrailers = 8 * 1024;
const empty = Buffer.alloc(0);
/** A size and its extensions, which no client is known to need and many readers have read differently: nothing that the grammar only tolerates. */
const chunkSize =
  /^([0-9A-Fa-f]{1,13})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/;

/**
 * Follows a body to its end, so that its bytes can be passed on as they came. Chunks are checked, since a reader that is less
 * strict than the next is a door.
 */
export class BodyReader {
  readonly framing: Framing;
  #left: number;
  #state: "size" | "data" | "data-end" | "trailers" = "size";
  #line = "";
  #trailerBytes = 0;
  #done: boolean;
  /** Bytes of content so far. */
  bytes = 0;

  constructor(framing: Framing) {
    this.framing = framing;
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#done = framing.kind === "none";
  }

  get done(): boolean {
    return this.#done;
  }

  /** @param content - told of each piece of content, without the framing of chunks */
  take(piece: Buffer, content?: (data: Buffer) => void): Cut {
    switch (this.framing.kind) {
      case "none":
        return { taken: 0, done: true, sound: empty };
      case "until-close":
        this.bytes += piece.length;
        content?.(piece);
        return { taken: piece.length, done: false, sound: piece };
      case "length": {
        const taken = Math.min(this.#left, piece.length);
        this.#left -= taken;
        this.bytes += taken;
        this.#done = this.#left === 0;
        const sound = taken === piece.length ? piece : piece.subarray(0, taken);
        content?.(sound);
        return { taken, done: this.#done, sound };
      }
      case "chunked":
        return this.#takeChunks(piece, content);
    }
  }

  #takeChunks(piece: Buffer, content: ((data: Buffer) => void) | undefined): Cut {
    const held = this.#line;
    let at = 0;
    let checked = 0;
    while (at < piece.length && !this.#done) {
      if (this.#state === "data") {
        const taken = Math.min(this.#left, piece.length - at);
        content?.(piece.subarray(at, at + taken));
        this.bytes += taken;
        this.#left -= taken;
        at += taken;
        checked = at;
        if (this.#left === 0) this.#state = "data-end";
        continue;
      }
      const end = piece.indexOf(10, at);
      const stop = end < 0 ? piece.length : end + 1;
      this.#line += piece.toString("latin1", at, stop);
      at = stop;
      if (this.#line.length > (this.#state === "trailers" ? longestTrailers : longestChunkLine))
        return { taken: at, done: false, sound: empty, flaw: "a line between its chunks is too long" };
      if (end < 0) break;
      const flaw = this.#endLine(this.#line);
      this.#line = "";
      checked = at;
      if (flaw) return { taken: at, done: false, sound: empty, flaw };
    }
    const own = checked === piece.length ? piece : piece.subarray(0, checked);
    const sound = held === "" || checked === 0 ? own : Buffer.concat([Buffer.from(held, "latin1"), own]);
    return { taken: at, done: this.#done, sound };
  }

  #endLine(line: string): string | undefined {
    if (!line.endsWith("\r\n") || line.indexOf("\r") !== line.length - 2) return "a line between its chunks ends in CR or LF alone";
    const text = line.slice(0, -2);
    switch (this.#state) {
      case "size": {
        const size = chunkSize.exec(text)?.[1];
        if (size === undefined) return "the size of a chunk is not a number";
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? "trailers" : "data";
        return undefined;
      }
      case "data-end":
        if (text !== "") return "a chunk is longer than its size";
        this.#state = "size";
        return undefined;
      case "trailers":
        this.#trailerBytes += line.length;
        if (this.#trailerBytes > longestTrailers) return "its trailers are too long";
        if (text === "") this.#done = true;
        else if (/^(content-length|transfer-encoding|host)[ \t]*:/i.test(text)) return "a trailer says what only a head may";
        else if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/.test(text)) return "a trailer is malformed";
        return undefined;
      case "data":
        return undefined;
    }
  }
}

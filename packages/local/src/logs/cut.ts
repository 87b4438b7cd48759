/**
 * How many bytes of a line are waited for until its newline comes, and at most the length of a line's text (UTF-8) when it
 * is read. What is longer comes in pieces.
 */
export const lineLimitBytes: number = 64 * 1024;

export interface Cut {
  /** How many bytes from the beginning can be stored now. */
  readonly length: number;
  /** They end within a line, which goes on. */
  readonly continues: boolean;
}

/**
 * Decides how much of what was read can be stored: whole lines. A line without newline waits, unless it has passed the
 * limit or nothing can come any more.
 *
 * @param chunk - what follows the last byte that was stored
 * @param ended - the chunk reaches to the end and its writer is gone
 * @param reserveBytes - how many bytes at the end of a piece of a line are kept for the next one: a secret could begin in them
 */
export function cut(chunk: Buffer, ended: boolean, reserveBytes: number): Cut {
  // The last line of a process that has ended needs no newline to be whole.
  if (ended && chunk.length <= lineLimitBytes + reserveBytes) return { length: chunk.length, continues: false };
  const newline = chunk.lastIndexOf(10);
  if (newline >= 0) return { length: newline + 1, continues: false };
  // At least one byte stays, so that the last piece is never empty.
  const reserve = Math.max(1, reserveBytes);
  if (chunk.length < lineLimitBytes + reserve) return { length: 0, continues: false };
  return { length: characterStart(chunk, chunk.length - reserve), continues: true };
}

/** The nearest place at or before a position where a UTF-8 character begins; the position itself where the bytes are no UTF-8. */
export function characterStart(bytes: Buffer, position: number): number {
  for (let start = position; start > 0 && start > position - 4; start--) {
    const byte = bytes[start];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return start;
  }
  return position;
}

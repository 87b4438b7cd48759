import { existsSync } from "node:fs";
import { readIfThere, writeWhole } from "../files.ts";
import type { Position } from "../logs/segment.ts";

/** How far a drain got. */
export interface DrainProgress {
  /** All before it was sent. Absent: it has not begun. */
  readonly position?: Position;
  /** Lines that it took, and that it did not get, since it was declared. */
  readonly sent: number;
  readonly dropped: number;
}

export const nothingYet: DrainProgress = { sent: 0, dropped: 0 };

/** A file that is damaged tells nothing: the drain begins anew, from now on. */
export function readProgress(path: string): DrainProgress {
  const text = readIfThere(path);
  if (text === undefined) return nothingYet;
  try {
    const found: unknown = JSON.parse(text);
    return isProgress(found) ? found : nothingYet;
  } catch (error) {
    if (error instanceof SyntaxError) return nothingYet;
    throw error;
  }
}

/** @throws Problem state-unwritable */
export function writeProgress(path: string, progress: DrainProgress): void {
  // After a loss of power a little is sent twice; that is not worth a wait for the disk each time.
  writeWhole(path, `${JSON.stringify(progress)}\n`, existsSync(path) ? "until-reboot" : "durable");
}

function isProgress(value: unknown): value is DrainProgress {
  if (typeof value !== "object" || value === null) return false;
  const { position, sent, dropped } = value as Partial<Record<keyof DrainProgress, unknown>>;
  if (!Number.isSafeInteger(sent) || !Number.isSafeInteger(dropped)) return false;
  const { sequence, offset } = (position ?? { sequence: 0, offset: 0 }) as Partial<Record<keyof Position, unknown>>;
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(offset);
}

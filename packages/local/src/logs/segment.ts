import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { markerBytes } from "./frame.ts";
import type { Spool, Stream } from "./spool.ts";

/** Who wrote the lines of a frame. Told once in each segment, so that each can be read by itself. */
export interface Source {
  readonly process: string;
  readonly release: string;
  /** Absent for the platform's own lines. */
  readonly spool?: Pick<Spool, "id" | "stdout" | "stderr"> & { readonly copied: Readonly<Record<Stream, number>> };
}

/** A place in the store. */
export interface Position {
  readonly sequence: number;
  /** Bytes from the beginning of that segment. */
  readonly offset: number;
}

/** One append-only file of the store. */
export interface Segment {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Begins each of its frames. */
  readonly marker: Buffer;
  readonly path: string;
  /** How much of the file is whole frames. */
  bytes: number;
  /** When it was last appended to: all that it holds is at least as old. Milliseconds since the epoch. */
  writtenAt: number;
  /** By index. Complete up to where the segment was read or written. */
  readonly sources: Source[];
  /** Whether that is all of it. */
  sourcesKnown: boolean;
}

// The marker stands in the name, so that a damaged first block costs no more than what was in it.
const name = /^(\d{10})-(\d+)-([0-9a-f]{16})\.v1\.log$/;

export function newSegment(directory: string, sequence: number, createdAt: number): Segment {
  const marker = randomBytes(markerBytes);
  const file = `${String(sequence).padStart(10, "0")}-${Math.trunc(createdAt)}-${marker.toString("hex")}.v1.log`;
  const path = join(directory, file);
  return { sequence, createdAt: Math.trunc(createdAt), marker, path, bytes: 0, writtenAt: createdAt, sources: [], sourcesKnown: true };
}

/** Reads a file's name. Absent: it is no segment. */
export function segmentOf(directory: string, file: string): Segment | undefined {
  const match = name.exec(file);
  if (match === null) return undefined;
  const [, sequence = "", createdAt = "", marker = ""] = match;
  return {
    sequence: Number(sequence),
    createdAt: Number(createdAt),
    marker: Buffer.from(marker, "hex"),
    path: join(directory, file),
    bytes: 0,
    writtenAt: Number(createdAt),
    sources: [],
    sourcesKnown: false,
  };
}

/** Reads the body of a `source` frame. Absent: written by another version, or damaged. */
export function sourceOf(body: Buffer): Source | undefined {
  try {
    const source: unknown = JSON.parse(body.toString());
    return isSource(source) ? source : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSource(value: unknown): value is Source {
  if (typeof value !== "object" || value === null) return false;
  const { process, release, spool } = value as Partial<Record<keyof Source, unknown>>;
  return typeof process === "string" && typeof release === "string" && (spool === undefined || isSpool(spool));
}

function isSpool(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, stdout, stderr, copied } = value as Partial<Record<keyof NonNullable<Source["spool"]>, unknown>>;
  if (typeof id !== "string" || typeof stdout !== "string" || typeof stderr !== "string") return false;
  const counts = copied as Partial<Record<Stream, unknown>> | null | undefined;
  return typeof counts?.stdout === "number" && typeof counts.stderr === "number";
}

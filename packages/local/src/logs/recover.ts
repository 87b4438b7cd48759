import { readFile } from "node:fs/promises";
import { scan } from "./scan.ts";
import type { Segment } from "./segment.ts";
import type { KnownSpool } from "./spool.ts";

export interface Recovered {
  /** By id. */
  readonly known: Map<string, KnownSpool>;
  readonly damaged: readonly Segment[];
}

/**
 * Learns from the segments themselves where each spool was copied to: the last segment says so at its beginning for all,
 * and each frame says it for its own. There is no second file that could disagree with them.
 *
 * Sets the end of the last segment before a torn last frame, which its writer cuts off.
 *
 * @param segments - oldest first
 */
export async function recover(segments: readonly Segment[]): Promise<Recovered> {
  const known = new Map<string, KnownSpool>();
  const damaged: Segment[] = [];
  for (const [index, segment] of segments.toReversed().entries()) {
    const content = await readFile(segment.path);
    const { frames, end, damagedBytes } = scan(segment, content, 0, true);
    segment.sourcesKnown = true;
    const torn = content.length - end;
    if (index === 0) segment.bytes = end;
    learn(segment, frames, known);
    // A torn end of the last segment is what a killed writer leaves; in an older one, or in between, it is damage.
    const hurt = damagedBytes > 0 || (index > 0 && torn > 0);
    if (hurt) damaged.push(segment);
    // What a sound segment does not know was known by none.
    if (!hurt && (end > 0 || torn === 0)) break;
  }
  return { known, damaged };
}

function learn(segment: Segment, frames: ReturnType<typeof scan>["frames"], known: Map<string, KnownSpool>): void {
  const here = new Map<number, KnownSpool>();
  for (const [index, source] of segment.sources.entries()) {
    if (source?.spool === undefined || known.has(source.spool.id)) continue;
    const { id, stdout, stderr, copied } = source.spool;
    here.set(index, {
      spool: { id, process: source.process, release: source.release, stdout, stderr },
      copied: { ...copied },
      fresh: false,
    });
  }
  // Not the greatest but the last: a process may have truncated its own output and begun again.
  for (const { header } of frames) {
    const spool = here.get(header.source);
    if (spool !== undefined) spool.copied[header.stream] = header.offset + header.length;
  }
  for (const spool of here.values()) known.set(spool.spool.id, spool);
}

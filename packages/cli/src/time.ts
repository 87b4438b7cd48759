import { type Instant, later } from "@douze/core/ids";
import { Problem } from "@douze/core/problem";
import { durationMs } from "@douze/core/units";

/**
 * Reads `5m` (so long ago) or a date.
 *
 * @throws Problem time-invalid - neither
 */
export function instantOf(text: string, now: Instant): Instant {
  const ago = durationMs(text);
  if (ago !== undefined) return later(now, -ago);
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at as Instant;
  throw new Problem({
    code: "time-invalid",
    what: `\`${text}\` is no time`,
    why: "wanted is a length of time before now, or a date",
    fix: "for example `5m`, `2h`, `7d`, or `2026-11-20T14:00`",
  });
}

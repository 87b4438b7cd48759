import type { Instant } from "@douze/core";

const minute = 60_000;
const firstRetryMs = minute;
const lastRetryMs = 6 * 60 * minute;

export interface CertificateSeen {
  readonly names: readonly string[];
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * When to ask for a certificate: when two thirds of its life are over, or at once where there is none that is for all hosts. After failures
 * later and later, as authorities ask: they count them, too.
 *
 * @param failures - in a row
 * @param failedAt - the last of them
 */
export function renewalAt(
  hosts: readonly string[],
  seen: CertificateSeen | undefined,
  failures: number,
  failedAt: Instant | undefined,
): Instant {
  const fits = seen && hosts.every((host) => seen.names.includes(host.toLowerCase()));
  const due = fits ? seen.validFrom + ((seen.validTo - seen.validFrom) * 2) / 3 : 0;
  const wait =
    failures === 0 || failedAt === undefined ? 0 : failedAt + Math.min(lastRetryMs, firstRetryMs * 4 ** Math.min(failures - 1, 10));
  return Math.max(due, wait) as Instant;
}

/** The longest pause between two tries, in milliseconds, before the jitter. */
const longestMs = 5_000;
const firstMs = 50;

/**
 * How long to wait before the next try: twice as long each time, and anywhere in the upper half of it, so that those who failed together do
 * not come back together. Pure.
 *
 * @param tries - how many have failed
 * @param chance - from 0 up to 1
 * @returns milliseconds
 */
export function backoffMs(tries: number, chance: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 20));
  return full / 2 + (full / 2) * chance;
}

/**
 * The known name that was probably meant: at most a third of its letters differ, and never all of them.
 *
 * @returns nothing when none is near
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) })).sort((a, b) => a.far - b.far);
  const [best] = ranked;
  if (!best) return undefined;
  const longer = Math.max(name.length, best.each.length);
  return best.far < longer && best.far <= Math.max(1, Math.floor(longer / 3)) ? best.each : undefined;
}

/** Damerau and Levenshtein's: letters put in, left out, changed, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (old[j] ?? 0) + 1, (old[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (older[j - 2] ?? 0) + 1);
      row.push(best);
    }
    older = old;
    old = row;
  }
  return old[b.length] ?? 0;
}

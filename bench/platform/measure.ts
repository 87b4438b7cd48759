/** Milliseconds. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

export const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** The middle, and from the least to the greatest. */
export const spread = (list: readonly number[], digits = 2): string =>
  `${middle(list).toFixed(digits)} (${Math.min(...list).toFixed(digits)} to ${Math.max(...list).toFixed(digits)})`;

/** So long a program may take to answer before it counts as failed. Milliseconds. */
const patienceMs = 20_000;

/** Resolves with the first answer that is this text. */
export async function answers(port: number, text: string): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    if (performance.now() > until) throw new Error(`no answer with ${text}`);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } }).then(
      (response) => response.text(),
      () => "",
    );
    if (answer === text) return;
  }
}

/** What the loop below takes on a machine of 2024 with nothing else to do, in milliseconds. */
const usualMs = 100;

/**
 * How many times as slow as usual this machine is just now, at least 1 and at most 10: the lab waits as many times as long, so that a busy
 * machine makes a slow examination and not a wrong one.
 */
export async function measureSlowness(): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const began = performance.now();
    spin();
    times.push(performance.now() - began);
  }
  const [, , median = usualMs] = times.toSorted((a, b) => a - b);
  return Math.min(10, Math.max(1, median / usualMs));
}

function spin(): number {
  let value = 1;
  for (let count = 0; count < 20_000_000; count++) value = (value * 1_103_515_245 + 12_345) | 0;
  return value;
}

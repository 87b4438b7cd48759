/** Milliseconds since the epoch, with fractions, and unmoved by a clock that is set meanwhile. The same in the lab and in its agent. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}

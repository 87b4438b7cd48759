// Apart from the schemas that use them: a command that reads `--since 5m` must not load a schema library for it.

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

export const durationPattern: RegExp = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
export const sizePattern: RegExp = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)$/;

/** `500ms`, `30s`, `5m`, `1h`, `7d`, as milliseconds. Numbers without a unit are refused: nobody remembers which it was. */
export function durationMs(text: string): number | undefined {
  const match = durationPattern.exec(text);
  return match ? Math.round(Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits]) : undefined;
}

/** `512MiB`, `1GB`, as bytes. */
export function sizeBytes(text: string): number | undefined {
  const match = sizePattern.exec(text);
  return match ? Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits]) : undefined;
}

/** In the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    if (ms >= durationUnits[unit] && ms % durationUnits[unit] === 0) return `${ms / durationUnits[unit]}${unit}`;
  }
  return `${ms}ms`;
}

import type { ProcessDeclaration } from "@douze/core";

/** What a container asks for and is held to, where the manifest says nothing. */
const defaultMemoryBytes = 512 * 2 ** 20;
const defaultCores = 0.1;
const ephemeralBytes = 256 * 2 ** 20;
/** Of its memory, what a Node program may fill with its heap: the rest is for buffers, code and the kernel's part. */
const heapShare = 0.75;
const mebibyte = 2 ** 20;

type Declared = Partial<Pick<ProcessDeclaration, "memoryBytes" | "cores" | "limits">>;

/**
 * Memory is asked for in full, so that no neighbour's need ends a process; CPU is asked for as it is counted on, and bounded loosely.
 *
 * @param bounded - whether CPU is bounded where nothing is declared
 */
export function resourcesOf(declared: Declared, bounded: boolean): { requests: Record<string, string>; limits: Record<string, string> } {
  const memory = quantity(memoryOf(declared));
  const cores = declared.cores ?? defaultCores;
  const most = declared.limits?.cores ?? (bounded ? Math.max(1, 4 * cores) : undefined);
  const both = { memory, "ephemeral-storage": quantity(ephemeralBytes) };
  return {
    requests: { cpu: cpu(most === undefined ? cores : Math.min(cores, most)), ...both },
    limits: { ...(most !== undefined && { cpu: cpu(most) }), ...both },
  };
}

/** In the largest unit without a rest. */
export function quantity(bytes: number): string {
  for (const [unit, size] of [
    ["Gi", 2 ** 30],
    ["Mi", mebibyte],
    ["Ki", 2 ** 10],
  ] as const)
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  return String(bytes);
}

/** How large a Node program's heap may become, in MiB: by itself it takes the machine's memory for its own. */
export function heapMebibytes(declared: Declared): number {
  return Math.floor((memoryOf(declared) * heapShare) / mebibyte);
}

/** Cores as the cluster writes them: whole, or in thousandths. */
export function cpu(cores: number): string {
  return Number.isInteger(cores) ? String(cores) : `${Math.round(cores * 1000)}m`;
}

function memoryOf({ memoryBytes = defaultMemoryBytes }: Declared): number {
  return memoryBytes;
}

import { fstatSync, readSync } from "node:fs";

const blockBytes = 4096;

/**
 * Where the data of a file begin whose first part was freed by punching holes. Asked only when the store does not know how
 * far a spool was copied although it was: somebody deleted the store under a running process. Reading the hole would store
 * a flood of zeros.
 */
export function firstData(file: number): number {
  const { size, blocks } = fstatSync(file);
  if (blocks * 512 >= size) return 0;
  const block = Buffer.alloc(blockBytes);
  const isHole = (index: number): boolean => {
    const read = readSync(file, block, 0, blockBytes, index * blockBytes);
    return read > 0 && block.subarray(0, read).every((byte) => byte === 0);
  };
  // Holes are punched from the beginning on, without gaps: the border can be found by halving.
  let low = 0;
  let high = Math.ceil(size / blockBytes);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isHole(middle)) low = middle + 1;
    else high = middle;
  }
  return Math.min(size, low * blockBytes);
}

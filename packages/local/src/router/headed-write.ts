import type { Duplex } from "node:stream";

/** In bytes. What is larger is not made a text of. */
const smallBytes = 16 * 1024;

/**
 * Writes a head with the first part of what follows it in one call to the kernel, which is most of a request's cost; a small part goes in
 * the same text, which is one copy less.
 *
 * @param part - copied: its memory may be written over at once
 * @returns whether more can be written at once
 */
export function writeHeaded(client: Duplex, head: string, part: Buffer): boolean {
  if (part.length <= smallBytes) return client.write(head + part.toString("latin1"), "latin1");
  client.cork();
  client.write(head, "latin1");
  const free = client.write(Buffer.from(part));
  client.uncork();
  return free;
}

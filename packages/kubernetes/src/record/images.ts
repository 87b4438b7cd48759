import { createHash } from "node:crypto";
import { type Build, type Digest, Problem } from "@douze/core";
import type { LedgerStore } from "@douze/engine";

/** An image that a build became, as releases find it again wherever they are made. */
export interface ShippedImage {
  /** As it is in the image. */
  readonly build: Build;
  /** With its digest. */
  readonly image: string;
  /** Where commands begin in it. Default `/app`. */
  readonly workingDir?: string;
}

/** Writes down what a build became; the first that was recorded stays. */
export async function recordImage(store: LedgerStore, digest: Digest, repository: string, shipped: ShippedImage): Promise<void> {
  await store.write(nameOf(digest, repository), JSON.stringify(shipped));
}

/** @returns nothing where the build was never brought to that repository */
export async function findImage(store: LedgerStore, digest: Digest, repository: string): Promise<ShippedImage | undefined> {
  const text = await store.entry(nameOf(digest, repository));
  return text === undefined ? undefined : (JSON.parse(text) as ShippedImage);
}

/**
 * What a build became.
 *
 * @throws Problem build-missing - it was never shipped there
 */
export async function shippedImage(store: LedgerStore, digest: Digest, repository: string): Promise<ShippedImage> {
  const found = await findImage(store, digest, repository);
  if (found) return found;
  throw new Problem({
    code: "build-missing",
    what: `the build ${digest.slice(0, 19)} has no image in ${repository}`,
    why: "it was never brought there for this environment",
    fix: "build it again from its commit: `douze releases show <release>` names it, then `douze deploy --ref <commit>`",
  });
}

/** `image-3f9c…-1ab2….json`: by the build, and by where it lies. */
function nameOf(digest: Digest, repository: string): string {
  const place = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  return `image-${digest.slice("sha256:".length, "sha256:".length + 32)}-${place}.json`;
}

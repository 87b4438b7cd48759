import { createHash } from "node:crypto";
import type { Digest } from "@douze/core";
import { lookUp, remember } from "../store.ts";
import type { Blobs } from "./blobs.ts";
import type { Image } from "./image.ts";

/**
 * The image that was made of a build, whatever this machine, or the base that a Dockerfile names, has become since: a build is never changed.
 *
 * @returns nothing where none was made, or a part of it is gone
 */
export async function recalled(store: string, blobs: Blobs, build: Digest, dockerfile: string | undefined): Promise<Image | undefined> {
  const place = await lookUp(store, keyOf(build, dockerfile));
  if (place === undefined) return undefined;
  const text = await blobs.read(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const image = JSON.parse(text.toString()) as Image;
  const there = await Promise.all([...image.parts, ...image.sbom].map((part) => blobs.has(part)));
  return there.every(Boolean) ? { ...image, reused: true } : undefined;
}

export async function recall(store: string, blobs: Blobs, build: Digest, dockerfile: string | undefined, image: Image): Promise<void> {
  await remember(store, keyOf(build, dockerfile), (await blobs.put("application/json", JSON.stringify(image))).digest as Digest);
}

function keyOf(build: Digest, dockerfile: string | undefined): Digest {
  return `sha256:${createHash("sha256")
    .update(JSON.stringify(["image", build, dockerfile ?? ""]))
    .digest("hex")}` as Digest;
}

import { copyFile, link, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { Blobs } from "./blobs.ts";
import { type Descriptor, mediaTypes } from "./descriptor.ts";
import type { Image } from "./image.ts";

/**
 * Writes an image as an OCI layout, which `skopeo`, `podman`, `ctr` and others read. One that is there already gains the image.
 *
 * @param name - that the image has in it
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function writeLayout(
  image: Pick<Image, "parts" | "sbom" | "manifest">,
  store: string,
  folder: string,
  name: string,
): Promise<void> {
  const [from, into] = [new Blobs(store), new Blobs(folder)];
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  for (const part of [...image.parts, ...image.sbom])
    if (!(await into.has(part))) await take(from.path(part.digest), into.path(part.digest));
  await whole(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const own: Descriptor = { ...image.manifest, annotations: { "org.opencontainers.image.ref.name": name } };
  const artifacts = image.sbom.filter(({ mediaType }) => mediaType === mediaTypes.manifest);
  await whole(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [own, ...artifacts] }),
  );
}

/** Linked where both are on one disk. */
async function take(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EMLINK") throw error;
    await copyFile(from, to);
  }
}

async function whole(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.aside`;
  await using file = await open(aside, "w", 0o644);
  await file.writeFile(text);
  await file.sync();
  await rename(aside, path);
}

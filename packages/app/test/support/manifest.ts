import type { Manifest } from "../../../core/src/model/manifest.ts";
import { manifestFromFiles } from "../../../core/src/model/manifest-file.ts";

/** A manifest as the platform reads it. */
export function parseManifest(text: string): Manifest {
  const manifest = manifestFromFiles({ "douze.yaml": text }, "app");
  if (!manifest) throw new Error("there is none");
  return manifest;
}

import { createReadStream } from "node:fs";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { execute } from "../execute.ts";
import { toolMissing } from "../problems.ts";
import { findTool } from "../runtimes.ts";
import { Blobs } from "./blobs.ts";
import { type Descriptor, type ImageManifest, mediaTypes } from "./descriptor.ts";
import type { Image, ImageRequest } from "./image.ts";

/** How each builder makes an OCI layout in `$OUT/layout`; the first that is installed is taken. */
const builders: Readonly<Record<string, string>> = {
  buildah: `buildah build --layers --format oci --file "$CONTEXT/$DOCKERFILE" --iidfile "$OUT/id" "$CONTEXT" &&
    buildah push --quiet "$(cat "$OUT/id")" "oci:$OUT/layout:image"`,
  podman: `podman build --layers --format oci --file "$CONTEXT/$DOCKERFILE" --iidfile "$OUT/id" "$CONTEXT" &&
    podman push --quiet "$(cat "$OUT/id")" "oci:$OUT/layout:image"`,
  docker: `docker build --file "$CONTEXT/$DOCKERFILE" --iidfile "$OUT/id" "$CONTEXT" && mkdir "$OUT/layout" &&
    docker save "$(cat "$OUT/id")" | tar -x -C "$OUT/layout"`,
};

/**
 * The image that a Dockerfile of the codebase makes.
 *
 * @throws Problem build-tool-missing - there is neither buildah nor podman nor docker
 * @throws Problem build-failed - with the last lines of the builder
 */
export async function dockerfileImage({ app, tree, onProgress, signal }: ImageRequest, blobs: Blobs, dockerfile: string): Promise<Image> {
  await access(join(tree, dockerfile)).catch(() => {
    throw noDockerfile(app, dockerfile);
  });
  const [tool, command] = await builder(process.env["PATH"] ?? "/usr/bin:/bin");
  const out = await mkdtemp(join(tmpdir(), "douze-image-"));
  try {
    onProgress(`${dockerfile}, by ${tool}`);
    // The user's own settings say where base images come from, and how containers are made.
    const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const env = { ...Object.fromEntries(given), CONTEXT: tree, DOCKERFILE: dockerfile, OUT: out };
    await execute({ title: `${tool} build`, command }, { cwd: tree, env, signal, onLine: onProgress });
    return await taken(blobs, join(out, "layout"));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function builder(path: string): Promise<readonly [string, string]> {
  for (const [tool, command] of Object.entries(builders)) if (await findTool(tool, path)) return [tool, command];
  throw toolMissing("buildah", "the manifest names a Dockerfile, and neither buildah nor podman nor docker is in PATH");
}

/** Takes an image out of a layout into the store. */
async function taken(blobs: Blobs, layout: string): Promise<Image> {
  const from = new Blobs(layout);
  let named: Descriptor | undefined = { mediaType: mediaTypes.index, digest: "", size: 0 };
  // Docker puts a list of one into a list.
  while (named?.mediaType === mediaTypes.index) {
    const text: string =
      named.digest === "" ? await readFile(join(layout, "index.json"), "utf8") : (await from.read(named.digest)).toString();
    [named] = (JSON.parse(text) as { readonly manifests: readonly Descriptor[] }).manifests;
  }
  if (!named) throw new Error(`${layout} holds no image`);
  const { config, layers } = JSON.parse((await from.read(named.digest)).toString()) as ImageManifest;
  for (const part of [config, ...layers, named])
    if (!(await blobs.has(part))) await blobs.putStream(part.mediaType, createReadStream(from.path(part.digest)), part.digest);
  return await imageIn(blobs, named.digest);
}

async function imageIn(blobs: Blobs, digest: string): Promise<Image> {
  const bytes = await blobs.read(digest);
  const manifest = JSON.parse(bytes.toString()) as ImageManifest;
  const { config = {} } = JSON.parse((await blobs.read(manifest.config.digest)).toString()) as {
    readonly config?: { readonly Env?: readonly string[]; readonly WorkingDir?: string };
  };
  const path = config.Env?.find((each) => each.startsWith("PATH="))?.slice("PATH=".length);
  const own: Descriptor = { mediaType: mediaTypes.manifest, digest, size: bytes.length };
  return {
    digest,
    manifest: own,
    parts: [manifest.config, ...manifest.layers, own],
    sbom: [],
    path: path === undefined ? [] : path.split(":"),
    // Its own variables are there in each container.
    env: {},
    workingDir: config.WorkingDir || "/",
    reused: false,
  };
}

function noDockerfile(app: string, dockerfile: string): Problem {
  return new Problem({
    code: "image-impossible",
    what: `there is no ${dockerfile} in the build of ${app}`,
    why: "the manifest names it under `build.dockerfile`",
    fix: "commit the file, or take the key out: an image is made without one then",
  });
}

import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { type AppName, type Build, type Digest, shellCommand } from "@douze/core";
import { lookUp, remember } from "../store.ts";
import { Blobs } from "./blobs.ts";
import { librariesOfTree } from "./closure.ts";
import { architectureOf, type Descriptor, type ImageManifest, mediaTypes } from "./descriptor.ts";
import { dockerfileImage } from "./dockerfile.ts";
import { type Entry, entriesOf, type Layer, writeLayer } from "./layer.ts";
import { machineBase, machineRuntime } from "./machine.ts";
import { recall, recalled } from "./memory.ts";
import { sbomOf } from "./sbom.ts";

export interface ImageRequest {
  readonly app: AppName;
  readonly build: Build;
  /** The build's folder. */
  readonly tree: string;
  /** Where images are kept. */
  readonly store: string;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** An image among the blobs of a store. */
export interface Image {
  /** Its name: `sha256:…`. */
  readonly digest: string;
  readonly manifest: Descriptor;
  /** All that it consists of, the manifest last: what is pushed, in this order. */
  readonly parts: readonly Descriptor[];
  /** List of what is in it, as an artifact that names it; pushed after it. */
  readonly sbom: readonly Descriptor[];
  /** Folders for PATH, in the image, and variables that stand in place of the build's. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where commands begin. Default `/app`. */
  readonly workingDir?: string;
  /** All its layers were there. */
  readonly reused: boolean;
}

/** The tree's place in the image. */
export const appFolder = "/app";
const user = "10001:10001";
/** What a tree brings along: it changes less often than the app, so it is a layer of its own. */
const dependencies = /^(node_modules|\.venv|vendor\/bundle)(\/|$)/;
const systemPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Makes an image of a build, or finds the one that was made of it. Where the manifest names a Dockerfile, that makes it. Else no Docker is
 * needed: what this machine runs it with, its dependencies, and the app, a layer each. The same build on the same machine gives the same
 * image, to the byte.
 *
 * @throws Problem image-impossible - what runs the build cannot be taken from this machine
 * @throws Problem build-failed, build-tool-missing - by a Dockerfile
 */
export async function makeImage(request: ImageRequest): Promise<Image> {
  const { build, store, onProgress } = request;
  const { dockerfile } = build.manifest.build;
  const blobs = new Blobs(store);
  const known = await recalled(store, blobs, build.digest, dockerfile);
  if (known) {
    onProgress(`image reused: ${mebibytes(known.parts.reduce((sum, { size }) => sum + size, 0))}`);
    return known;
  }
  const made = dockerfile === undefined ? await machineImage(request, blobs) : await dockerfileImage(request, blobs, dockerfile);
  await recall(store, blobs, build.digest, dockerfile, made);
  return made;
}

async function machineImage(request: ImageRequest, blobs: Blobs): Promise<Image> {
  const { build, tree, store, onProgress, signal } = request;
  let made = 0;
  const layerOf = async (name: string, entries: readonly Entry[]): Promise<Layer> => {
    const { layer, reused } = await cachedLayer(store, blobs, entries);
    if (!reused) made++;
    onProgress(`${name} layer ${reused ? "reused" : "made"}: ${mebibytes(layer.descriptor.size)}`);
    signal.throwIfAborted();
    return layer;
  };
  const runtime = await machineRuntime(build);
  const contents: readonly (readonly [string, readonly Entry[]])[] = [
    ["base", await machineBase()],
    ["runtime", [...runtime.entries, ...(await librariesOfTree(tree))]],
    ["dependencies", entriesOf(tree, "app", (path) => dependencies.test(path) || path === "vendor")],
    ["app", entriesOf(tree, "app", (path) => !dependencies.test(path))],
  ];
  const filled = contents.filter(([, entries]) => entries.length > 0);
  const layers: Layer[] = [];
  for (const [name, entries] of filled) layers.push(await layerOf(name, entries));
  const path = [...build.path.map((folder) => join(appFolder, folder)), ...runtime.path, ...systemPath];
  const config = await blobs.put(
    mediaTypes.config,
    configOf(
      request,
      filled.map(([name]) => name),
      layers,
      runtime.env,
      path,
    ),
  );
  const annotations = labelsOf(request);
  const parts = [config, ...layers.map(({ descriptor }) => descriptor)];
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations,
  };
  const written = await blobs.put(mediaTypes.manifest, JSON.stringify(manifest));
  return {
    digest: written.digest,
    manifest: written,
    parts: [...parts, written],
    sbom: await sbomArtifact(blobs, await sbomOf(build, tree, request.app), written),
    path: runtime.path,
    env: runtime.env,
    reused: made === 0,
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** The build as it is in an image: its runtime and its variables are the image's. */
export function buildInImage(build: Build, { path, env }: Pick<Image, "path" | "env">): Build {
  return { ...build, runtimes: path, env: { ...build.env, ...env } };
}

function configOf(
  { build, app, ...request }: ImageRequest,
  names: readonly string[],
  layers: readonly Layer[],
  env: Readonly<Record<string, string>>,
  path: readonly string[],
): string {
  const language = Object.entries({ ...build.env, ...env }).map(([key, value]) => `${key}=${value.replaceAll("$TREE", appFolder)}`);
  const web = Object.entries(build.manifest.processes).find(([type]) => type === "web")?.[1].command;
  return JSON.stringify({
    architecture: architectureOf(arch()),
    os: "linux",
    config: {
      User: user,
      WorkingDir: appFolder,
      Env: [`PATH=${path.join(":")}`, "LANG=C.UTF-8", ...language],
      ...(web !== undefined && { Cmd: ["/bin/sh", "-c", shellCommand(web)] }),
      Labels: labelsOf({ build, app, ...request }),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: names.map((name) => ({ created_by: `douze: ${name}` })),
  });
}

function labelsOf({ app, build }: ImageRequest): Record<string, string> {
  return {
    "org.opencontainers.image.title": app,
    "org.opencontainers.image.version": build.digest.slice("sha256:".length, "sha256:".length + 12),
    ...(build.source.commit !== undefined && { "org.opencontainers.image.revision": build.source.commit }),
  };
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage */
async function sbomArtifact(blobs: Blobs, text: string, subject: Descriptor): Promise<Descriptor[]> {
  const config = await blobs.put(mediaTypes.empty, "{}");
  const layer = await blobs.put(mediaTypes.sbom, text);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.sbom,
    config,
    layers: [layer],
    subject,
  };
  return [config, layer, { ...(await blobs.put(mediaTypes.manifest, JSON.stringify(manifest))), artifactType: mediaTypes.sbom }];
}

/** A layer of the same files, as far as their sizes and times tell, is not written again. */
async function cachedLayer(store: string, blobs: Blobs, entries: readonly Entry[]): Promise<{ layer: Layer; reused: boolean }> {
  const key = inputOf(entries);
  const known = await lookUp(store, key);
  if (known !== undefined) {
    const layer = JSON.parse((await blobs.read(known).catch(() => Buffer.from("{}"))).toString()) as Partial<Layer>;
    if (layer.descriptor && layer.diffId !== undefined && (await blobs.has(layer.descriptor))) {
      return { layer: { descriptor: layer.descriptor, diffId: layer.diffId }, reused: true };
    }
  }
  const layer = await writeLayer(blobs, entries);
  await remember(store, key, (await blobs.put("application/json", JSON.stringify(layer))).digest as Digest);
  return { layer, reused: false };
}

function inputOf(entries: readonly Entry[]): Digest {
  const hash = createHash("sha256").update(`${mediaTypes.layer} ${process.version}\n`);
  for (const entry of entries) {
    const stats = "file" in entry ? lstatSync(entry.file) : undefined;
    hash.update(JSON.stringify([entry, stats && [stats.size, stats.mtimeMs, stats.ino]]));
  }
  return `sha256:${hash.digest("hex")}` as Digest;
}

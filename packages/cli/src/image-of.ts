import { homedir } from "node:os";
import { resolve } from "node:path";
import { build } from "@douze/build";
import { writeLayout } from "@douze/build/image";
import type { OnProgress } from "@douze/engine";
import { imageFor, imageStore, sendImage } from "./images.ts";
import { clusterTarget } from "./open-cluster.ts";
import type { Place } from "./place.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface ImageWish {
  readonly ref?: string;
  readonly workingTree?: boolean;
  readonly push?: boolean;
  readonly tag?: string;
  readonly output?: string;
}

export interface MadeImage {
  readonly digest: string;
  /** Where it was pushed to. */
  readonly reference?: string;
  /** All its layers were there. */
  readonly reused: boolean;
  readonly sizeBytes: number;
}

/** Builds a codebase, makes its image, and brings it where it is wanted. */
export async function imageOf(place: Place, env: Env, wish: ImageWish, onProgress: OnProgress): Promise<MadeImage> {
  const { directory, paths } = place;
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  const { signal } = end;
  const repository = wish.push ? (await clusterTarget(place)).image : undefined;
  const made = await build({
    directory,
    workingTree: wish.workingTree ?? false,
    container: true,
    store: paths.builds,
    cache: paths.cache,
    onProgress: ({ kind, text }) => onProgress({ stage: kind === "stage" ? "build" : "output", text }),
    signal,
    path: env["PATH"] ?? "/usr/bin:/bin",
    home: env["HOME"] ?? homedir(),
    ...(wish.ref !== undefined && { ref: wish.ref }),
  });
  const { app } = made.build.manifest;
  const how = { place, signal, onProgress: (text: string): void => onProgress({ stage: "build", text }) };
  const image = await imageFor(how, app, made);
  if (wish.output !== undefined) await writeLayout(image, imageStore(place), resolve(wish.output), `${app}:${wish.tag ?? "latest"}`);
  const told = { digest: image.digest, reused: image.reused, sizeBytes: image.parts.reduce((sum, { size }) => sum + size, 0) };
  if (repository === undefined) return told;
  return { ...told, reference: (await sendImage(how, image, repository, env, wish.tag)).reference };
}

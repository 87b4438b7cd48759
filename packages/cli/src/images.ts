import { join } from "node:path";
import type { BuildResult } from "@douze/build";
import { credentialsFor, type Image, makeImage, type Pushed, push } from "@douze/build/image";
import type { AppName } from "@douze/core";
import type { Place } from "./place.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface ImageIn {
  readonly place: Place;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Where a state keeps its images. */
export function imageStore({ paths }: Place): string {
  return join(paths.root, "images");
}

/** Makes the image of a build, in the state's store. */
export async function imageFor(
  { place, ...rest }: ImageIn,
  app: AppName,
  { build, tree }: Pick<BuildResult, "build" | "tree">,
): Promise<Image> {
  return await makeImage({ app, build, tree, store: imageStore(place), ...rest });
}

/** Brings an image from the state's store into a registry, with the credentials of whoever is logged in. */
export async function sendImage({ place, ...rest }: ImageIn, image: Image, repository: string, env: Env, tag?: string): Promise<Pushed> {
  const credentials = await credentialsFor(repository.split("/", 1)[0] ?? "", env);
  return await push({
    image,
    store: imageStore(place),
    repository,
    ...rest,
    ...(tag !== undefined && { tag }),
    ...(credentials && { credentials }),
  });
}

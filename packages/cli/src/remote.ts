import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { openBuild } from "@douze/build";
import {
  type AppName,
  type Build,
  type Digest,
  type Instant,
  type KubernetesTarget,
  Problem,
  type Release,
  type RunName,
} from "@douze/core";
import type { EngineOptions, OnProgress, Provider, Remote } from "@douze/engine";
import { findImage, type ReleaseImage, recordImage, shippedImage } from "@douze/kubernetes";
import { inventoryOf } from "./open.ts";
import type { Place } from "./place.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface RemoteIn {
  readonly place: Place;
  readonly env: Env;
  readonly app: AppName;
  readonly target: KubernetesTarget;
  readonly ledger: Remote["ledger"];
  readonly maintenance: () => boolean;
  /** Whether images are sent to the registry. */
  readonly pushes: boolean;
}

/** What engines have in common whose environment does not run on this machine. */
export function optionsElsewhere(place: Place, env: Env, app: AppName): Omit<EngineOptions, "key" | "remote" | "drive"> {
  const { directory, environment, paths } = place;
  return {
    ...{ app, environment, directory, paths },
    provider: elsewhere,
    inventory: inventoryOf(place, env),
    path: env["PATH"] ?? "/usr/bin:/bin",
    userHome: env["HOME"] ?? homedir(),
    clock: now,
    archive: nothingStored,
  };
}

export function now(): Instant {
  return Date.now() as Instant;
}

/** What a release's build became, as the ledger has it. */
export function releaseImage(ledger: Remote["ledger"], target: KubernetesTarget): (release: Release) => Promise<ReleaseImage> {
  return async ({ build }) => {
    const { build: shipped, ...where } = await shippedImage(ledger, build, target.image);
    return { ...where, language: shipped.language };
  };
}

/** What is otherwise for an environment that does not run on this machine. */
export function remoteOf({ place, env, app, target, ledger, maintenance, pushes }: RemoteIn): Remote {
  const ship: Remote["ship"] = async ({ build, tree }, onProgress) => {
    const there = await findImage(ledger, build.digest, target.image);
    if (there) return onProgress({ stage: "build", text: `image ${there.image} is there` });
    const [{ buildInImage }, { imageFor, sendImage }] = await Promise.all([import("@douze/build/image"), import("./images.ts")]);
    const how = { place, signal: new AbortController().signal, onProgress: (text: string): void => onProgress({ stage: "build", text }) };
    const image = await imageFor(how, app, { build, tree });
    const reference = pushes ? (await sendImage(how, image, target.image, env)).reference : `${target.image}@${image.digest}`;
    how.onProgress(`image ${reference}`);
    await recordImage(ledger, build.digest, target.image, {
      build: buildInImage(build, image),
      image: reference,
      ...(image.workingDir !== undefined && { workingDir: image.workingDir }),
    });
  };
  return {
    ledger,
    ship,
    openBuild: (digest) => opened(place, ledger, target, ship, digest),
    maintenance: {
      read: async () => maintenance(),
      // The driver's step writes it, with what follows from it.
      write: async () => undefined,
    },
    schedules: true,
    runName: () => `run.${randomBytes(3).toString("hex")}` as RunName,
  };
}

/** One that another environment has, and this machine: it is brought over, as a promotion asks for. */
async function opened(
  place: Place,
  ledger: Remote["ledger"],
  target: KubernetesTarget,
  ship: Remote["ship"],
  digest: Digest,
): Promise<{ build: Build; tree: string }> {
  const silent: OnProgress = () => undefined;
  if (!(await findImage(ledger, digest, target.image))) {
    const local = await openBuild(place.paths.builds, digest).catch((error: unknown) => {
      if (error instanceof Problem && error.code === "build-missing") return undefined;
      throw error;
    });
    if (local) await ship(local, silent);
  }
  const { appFolder } = await import("@douze/build/image");
  return { build: (await shippedImage(ledger, digest, target.image)).build, tree: appFolder };
}

/** What a cluster attaches is reached from there. */
export const elsewhere: Provider = {
  provides: () => false,
  provision: async (resource) => {
    throw unfit(`${resource} cannot be provided by Douze`, "a server that runs here is not reached from a cluster");
  },
  check: async () => ({ reachable: true, detail: "reached from the cluster; not looked at from here" }),
  backup: async (resource) => {
    throw unfit(`${resource} cannot be backed up from here`, "it is reached from the cluster");
  },
  restore: async (resource) => {
    throw unfit(`${resource} cannot be restored from here`, "it is reached from the cluster");
  },
  [Symbol.asyncDispose]: async () => undefined,
};

const nothingStored: EngineOptions["archive"] = {
  async *logs() {
    yield* [];
  },
  crashes: async () => [],
};

function unfit(what: string, why: string): Problem {
  return new Problem({ code: "target-unfit", what, why, fix: "use the means of the server or of the cluster's operator for it" });
}

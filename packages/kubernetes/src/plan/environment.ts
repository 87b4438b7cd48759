import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import { containerPort, liveFolder, tmpFolder } from "./place.ts";
import { heapMebibytes } from "./resources.ts";
import type { Setting } from "./setting.ts";

/** Variables of a process's own; everything in the frozen objects comes before them. */
export interface Own {
  /** `web`: what comes before the pod's name in `DOUZE_PROCESS`. Absent: the whole name stands in `name`. */
  readonly type?: string;
  /** `release.12` */
  readonly name?: string;
  readonly memoryBytes?: number;
}

/** The contract's variables of one container, in an order in which each is made of those before it. */
export function environmentOf(setting: Setting, own: Own): IEnvVar[] {
  const { platform, config, live } = setting;
  const node = setting.language === "node" && config["NODE_OPTIONS"] === undefined;
  const heap = `--max-old-space-size=${heapMebibytes(own.memoryBytes === undefined ? {} : { memoryBytes: own.memoryBytes })}`;
  const plain = {
    ...platform,
    ...(node && { NODE_OPTIONS: heap }),
    HOME: tmpFolder,
    HOST: "0.0.0.0",
    PORT: String(containerPort),
    TMPDIR: tmpFolder,
    ...(live && { DOUZE_LIVE_DIR: liveFolder }),
  };
  const name = own.name ?? `${own.type}.$(DOUZE_POD)`;
  return [
    ...Object.entries(plain)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // `$(NAME)` would be looked up; no variable of ours refers to another one.
      .map(([key, value]) => ({ name: key, value: value.replaceAll("$(", "$$$$(") })),
    { name: "DOUZE_POD", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
    { name: "DOUZE_PROCESS", value: name },
    { name: "DYNO", value: name },
  ];
}

import type { CronEntry, ReleaseTask } from "@douze/core";
import type { ICronJob } from "kubernetes-models/batch/v1/CronJob";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import { exemptionAnnotations } from "./exemption.ts";
import { cronObject, runAccount, runObject, taskObject, taskRunObject } from "./names.ts";
import { canonical, type KubernetesObject } from "./object.ts";
import { podExemptions, podTemplate, type Workload } from "./pod.ts";
import { annotationsOf, metaOf, type Setting } from "./setting.ts";

/** From SIGTERM to SIGKILL of what runs once, in milliseconds. */
const runGraceMs = 30_000;
/** How long the cluster keeps a release task that has ended, in seconds. */
const keptSeconds = 7 * 86_400;
/** The same for a one-off. */
const keptRunSeconds = 3600;
/** How late a scheduled run may start, in seconds; later ones are left out. */
const lateSeconds = 300;

/** What runs once per release before anything of it is started. Its name tells what it does: the same task is never run twice. */
export function releaseTask(setting: Setting, task: ReleaseTask, ttlSeconds: number = keptSeconds): KubernetesObject {
  const { release, image, frozen } = setting;
  const account = taskObject(release.app);
  const name = taskRunObject(release.app, release.version, canonical([image, task.command, frozen]));
  const run = `release.${release.version}`;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      ...metaOf(setting, name, "release", {
        ...annotationsOf(setting),
        ...exemptionAnnotations(podExemptions(setting)),
        "douze.dev/run": run,
      }),
    },
    spec: {
      activeDeadlineSeconds: Math.ceil(task.timeoutMs / 1000),
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      template: podTemplate(setting, { ...once(name, "release", run, task.command), own: { name: run }, account }),
      ttlSecondsAfterFinished: ttlSeconds,
    },
  } satisfies IJob;
}

export interface OneOffJob {
  /** `run.3f9c1a` */
  readonly run: string;
  readonly command: string;
  readonly timeoutMs: number;
  /** A person sits at it. Default false. */
  readonly terminal?: boolean;
}

/** A one-off, in the release's own image and config. */
export function oneOffJob(setting: Setting, { run, command, timeoutMs, terminal = false }: OneOffJob): KubernetesObject {
  const { app } = setting.release;
  const name = runObject(app, run);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metaOf(setting, name, "one-off", { ...annotationsOf(setting), "douze.dev/run": run }),
    spec: {
      activeDeadlineSeconds: Math.ceil(timeoutMs / 1000),
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      template: podTemplate(setting, { ...once(name, "one-off", run, command), own: { name: run }, account: runAccount(app), terminal }),
      ttlSecondsAfterFinished: keptRunSeconds,
    },
  } satisfies IJob;
}

/** A command by the clock, always of the release that is applied last. */
export function cronJob(setting: Setting, entry: string, declared: CronEntry): KubernetesObject {
  const object = cronObject(setting.release.app, entry);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: metaOf(setting, object, "cron", {
      ...annotationsOf(setting),
      ...exemptionAnnotations(podExemptions(setting)),
      "douze.dev/cron": entry,
    }),
    spec: {
      concurrencyPolicy: { forbid: "Forbid", allow: "Allow", replace: "Replace" }[declared.overlap] as "Forbid" | "Allow" | "Replace",
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          activeDeadlineSeconds: Math.ceil(declared.timeoutMs / 1000),
          backoffLimit: 0,
          template: podTemplate(setting, once(object, "cron", `cron.${entry}`, declared.command)),
        },
      },
      schedule: declared.schedule,
      startingDeadlineSeconds: lateSeconds,
      successfulJobsHistoryLimit: 3,
      suspend: false,
      timeZone: declared.timeZone === "UTC" ? "Etc/UTC" : declared.timeZone,
    },
  } satisfies ICronJob;
}

function once(object: string, component: string, name: string, command: string): Workload {
  return {
    object,
    component,
    name,
    command,
    own: { type: name },
    declared: {},
    graceMs: runGraceMs,
    port: false,
    lingerMs: 0,
    restart: "Never",
    probes: {},
    spread: false,
  };
}

import {
  type Instant,
  type KubernetesTarget,
  type Language,
  Problem,
  type ProcessDeclaration,
  type ProcessType,
  type Release,
} from "@douze/core";
import { frozenNames, frozenObjects, frozenValues, liveConfig } from "./config.ts";
import { route } from "./entrance.ts";
import { externalName, externalSecret, externalValues } from "./external.ts";
import { account, namespace } from "./ground.ts";
import { cronJob, releaseTask } from "./jobs.ts";
import { meshPolicies } from "./mesh.ts";
import { podMonitor } from "./metrics.ts";
import { cronObject, processObject, runAccount, taskObject } from "./names.ts";
import { defaultDeny, networkPolicy } from "./network.ts";
import type { KubernetesObject } from "./object.ts";
import { appFolder } from "./place.ts";
import { deployment, disruptionBudget, hasPort, isAsked, service } from "./processes.ts";
import { isScaled, scaler } from "./scaler.ts";
import { namespaceOf, type Setting } from "./setting.ts";

export interface RenderIn {
  /** With its secrets, as its amendments left it. */
  readonly release: Release;
  readonly language: Language;
  readonly target: KubernetesTarget;
  /** With its digest. */
  readonly image: string;
  /** Where commands begin in it. Default `/app`. */
  readonly workingDir?: string;
  /** The variables that all processes of the release get, in the image's folders: config, attachments and the platform's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Keys the names of secret objects. */
  readonly nameKey: Uint8Array;
  /** Whether the release task is due. */
  readonly task: boolean;
  /** Processes of a type that were started before are replaced. Default none. */
  readonly freshSince?: Readonly<Record<ProcessType, Instant>>;
  /** Nothing gets requests. Default false. */
  readonly maintenance?: boolean;
  /** How long the cluster keeps a task that has ended, in seconds. Default a week. */
  readonly taskTtlSeconds?: number;
}

/** Everything of a release in a cluster, in the order in which one needs the other. */
export interface Rendered {
  /** Where everything else goes: the namespace if it is managed, accounts, policies and config. */
  readonly ground: readonly KubernetesObject[];
  /** Must have ended well before anything after it is applied. */
  readonly task?: KubernetesObject;
  /** What processes run in, and what finds them. */
  readonly workloads: readonly KubernetesObject[];
  /** What looks after the workloads, starts by the clock, and brings requests. */
  readonly surroundings: readonly KubernetesObject[];
  /** What one-offs need, which are made when they are asked for. */
  readonly oneOffs: readonly KubernetesObject[];
  readonly setting: Setting;
}

/**
 * A release as objects of a cluster. Pure: equal input gives equal output, to the byte once it is written.
 *
 * @throws Problem target-unfit - the manifest asks for what the target does not have
 */
export function render(input: RenderIn): Rendered {
  const { release, target } = input;
  const { app, manifest, config, attachments } = release;
  const frozenKeys = new Set([...Object.keys(config), ...Object.values(attachments).map(({ as }) => as)]);
  const parted = Object.groupBy(Object.entries(input.env), ([key]) => (frozenKeys.has(key) ? "config" : "platform"));
  // A live value that changes would be another object, and replace the pods.
  const still = (parted.config ?? []).filter(([key]) => config[key]?.live !== true);
  const external = externalValues(target, still);
  const values = frozenValues(release, Object.fromEntries(still.filter(([key]) => !Object.hasOwn(external, key))));
  const liveValues = Object.fromEntries(Object.entries(config).flatMap(([key, { live, value }]) => (live ? [[key, value]] : [])));
  const setting: Setting = {
    release,
    target,
    namespace: namespaceOf(app, release.environment, target),
    image: input.image,
    workingDir: input.workingDir ?? appFolder,
    config: Object.fromEntries(parted.config ?? []),
    platform: Object.fromEntries(parted.platform ?? []),
    frozen: { ...frozenNames(app, values, input.nameKey), ...externalName(app, target, external) },
    external,
    language: input.language,
    live: Object.keys(liveValues).length > 0,
    maintenance: input.maintenance ?? false,
    freshSince: input.freshSince ?? {},
  };
  const processes = Object.entries(manifest.processes) as [ProcessType, ProcessDeclaration][];
  const crons = Object.entries(manifest.cron);
  const routed = processes.filter(([, each]) => each.routed).map(([type]) => type);
  const misfit = misfits(setting, processes, routed);
  if (misfit.length > 0) throw unfit(release, misfit);
  const task = manifest.release && input.task ? releaseTask(setting, manifest.release, input.taskTtlSeconds) : undefined;
  const served = processes.filter(([type, { routed: requests }]) => requests || isAsked(setting, type));
  return {
    ground: [
      ...(target.manageNamespace ? [namespace(setting)] : []),
      ...processes.map(([type]) => account(setting, processObject(app, type), type)),
      ...(task ? [account(setting, taskObject(app), "release")] : []),
      ...crons.map(([entry]) => account(setting, cronObject(app, entry), "cron")),
      defaultDeny(setting),
      ...processes.map(([type, { routed: requests }]) => policyOf(setting, processObject(app, type), type, requests)),
      ...(task ? [networkPolicy(setting, taskObject(app), task.metadata.name, "release", false)] : []),
      ...crons.map(([entry]) => policyOf(setting, cronObject(app, entry), "cron", false)),
      ...frozenObjects(setting, values),
      ...externalSecret(setting),
      ...meshPolicies(setting, routed),
      ...(setting.live ? [liveConfig(setting, liveValues)] : []),
    ],
    ...(task && { task }),
    workloads: [
      ...served.map(([type]) => service(setting, type)),
      ...processes.map(([type, declared]) => deployment(setting, type, declared)),
    ],
    surroundings: [
      ...processes.map(([type]) => disruptionBudget(setting, type)),
      ...processes.flatMap(([type, { autoscale }]) => (autoscale && isScaled(setting, type) ? [scaler(setting, type, autoscale)] : [])),
      ...processes.flatMap(([type, declared]) => (hasPort(setting, type, declared) ? podMonitor(setting, type) : [])),
      ...crons.map(([entry, declared]) => cronJob(setting, entry, declared)),
      ...(target.entrance && routed.length > 0 ? [route(setting, target.entrance, routed)] : []),
    ],
    oneOffs: [account(setting, runAccount(app), "one-off"), networkPolicy(setting, runAccount(app), undefined, "one-off", false)],
    setting,
  };
}

/** All objects, in the order in which they are applied. */
export function objectsOf({
  ground,
  task,
  workloads,
  surroundings,
}: Pick<Rendered, "ground" | "task" | "workloads" | "surroundings">): readonly KubernetesObject[] {
  return [...ground, ...(task ? [task] : []), ...workloads, ...surroundings];
}

function policyOf(setting: Setting, object: string, component: string, routed: boolean): KubernetesObject {
  return networkPolicy(setting, object, object, component, routed);
}

function misfits(
  { target, release }: Setting,
  processes: readonly [ProcessType, ProcessDeclaration][],
  routed: readonly ProcessType[],
): string[] {
  return [
    ...processes
      .filter(([type, { autoscale }]) => autoscale?.metric && !target.keda && (release.formation[type] ?? 0) > 0)
      .map(
        ([type]) =>
          `\`${type}\` autoscales on a number of the app's, which needs KEDA: install it and say \`keda: true\` under \`target:\``,
      ),
    ...(target.entrance?.by === "ingress" && routed.length > 1
      ? [`${routed.join(" and ")} are routed, and an Ingress has one backend for a path: use \`gateway:\`, or route one of them`]
      : []),
    ...Object.entries(release.attachments)
      .filter(([, { kind }]) => kind === "embedded")
      .map(([name]) => `\`${name}\` is embedded, and a server embedded here is not reached from a cluster: attach one by its URL`),
  ];
}

function unfit({ app, environment }: Release, why: readonly string[]): Problem {
  return new Problem({
    code: "target-unfit",
    what: `${app} cannot run in ${environment} as its inventory describes the cluster`,
    why: why.join("; "),
    fix: `mend \`target:\` in inventory/${environment}.yaml, or the manifest`,
  });
}

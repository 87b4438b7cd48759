import { yamlOf } from "../yaml.ts";
import { type Files, filesIn, isEncrypted, keptIn, opensBySops } from "./files.ts";
import type { LayoutIn } from "./layout.ts";

/** Beyond the release task's own bound, in seconds. */
const slackSeconds = 300;

/**
 * Two Kustomizations of Flux's: accounts, policies, config and the release task; and, when the task has ended well, all the rest. What
 * former releases froze stays in the first: Flux removes what is no longer there before new pods are up.
 */
export function flux(input: LayoutIn): Files {
  const { ground, task, workloads, surroundings, setting } = input.rendered;
  const { gitops, path } = input;
  const { release, target } = setting;
  const name = `${release.app}-${release.environment}`;
  const deadline = (task?.["spec"] as { activeDeadlineSeconds?: number } | undefined)?.activeDeadlineSeconds ?? 0;
  const boot = Math.max(...Object.values(release.manifest.processes).map(({ bootMs }) => bootMs)) / 1000 + target.minReadyMs / 1000;
  const common = {
    interval: "10m",
    prune: true,
    retryInterval: "1m",
    sourceRef: { kind: "GitRepository", name: gitops.source ?? release.app },
  };
  const encrypted = ground.some(isEncrypted) || [...input.kept.values()].some(opensBySops);
  const kustomization = (suffix: string, spec: object): object => ({
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: `${name}${suffix}`, namespace: gitops.namespace ?? "flux-system" },
    spec: { ...common, wait: true, ...spec },
  });
  const first = kustomization("-release", {
    path: `./${path}/release`,
    timeout: `${Math.ceil(deadline) + slackSeconds}s`,
    ...(encrypted && { decryption: { provider: "sops", secretRef: { name: gitops.decryption } } }),
  });
  const second = kustomization("", {
    dependsOn: [{ name: `${name}-release` }],
    path: `./${path}/app`,
    timeout: `${Math.ceil(boot) + slackSeconds}s`,
  });
  return new Map([
    ...keptIn("release/", input.kept),
    ...filesIn("release/", [...ground, ...(task ? [task] : [])], input),
    ...filesIn("app/", [...workloads, ...surroundings], input),
    ["flux.yaml", yamlOf([first, second])],
  ]);
}

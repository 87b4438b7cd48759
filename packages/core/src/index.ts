export { type Autoscale, readMetric, type ScalingMetric } from "./model/autoscale.ts";
export type { Build, Source } from "./model/build.ts";
export type { CheckDeclaration, CheckedJobs, CheckedPage, CheckedRequest, CheckedRoundtrip } from "./model/check-declaration.ts";
export { type Drain, type DrainKind, drainAddress } from "./model/drain.ts";
export { envFile } from "./model/env-file.ts";
export { type ExternalValue, externalValue } from "./model/external-value.ts";
export type { Formation } from "./model/formation.ts";
export { type Gitops, type GitopsFormat, gitopsDefaults, gitopsFolder, gitopsFormats } from "./model/gitops.ts";
export {
  type AppName,
  appName,
  type Branded,
  type Digest,
  digest,
  type EnvironmentName,
  endOfTime,
  environmentName,
  type Instant,
  later,
  type ProcessType,
  processType,
  type ReleaseVersion,
  releaseVersion,
  versionName,
} from "./model/ids.ts";
export type { Attachment, Inventory, LocalTarget, LogRetention, Target } from "./model/inventory.ts";
export { checkInventory, defaultInventory, inventory, inventoryShape, inventoryTarget } from "./model/inventory-file.ts";
export type { Entrance, KubernetesTarget } from "./model/kubernetes-target.ts";
export { grepInvalid, isOfProcess, type LogLine, type LogQuery } from "./model/log.ts";
export { type JsonLine, type LogLevel, readJsonLine } from "./model/log-json.ts";
export {
  type BuildDeclaration,
  type ConfigDeclaration,
  type ConfigType,
  type CronEntry,
  configTypes,
  type HealthDeclaration,
  type Language,
  type LimitsDeclaration,
  languages,
  type Manifest,
  type ProcessDeclaration,
  type ReleaseTask,
  type ResourceDeclaration,
  type ResourceType,
  resourceTypes,
  type SocketWay,
} from "./model/manifest.ts";
export { type ManifestFiles, manifestFromFiles, manifestNotes } from "./model/manifest-file.ts";
export { manifestShape } from "./model/manifest-schema.ts";
export { nearest } from "./model/nearest.ts";
export type { Exit, Observed, ObservedProcess, ObservedRelease, RequestPath } from "./model/observed.ts";
export { type Place, Problem, type ProblemText } from "./model/problem.ts";
export { type ProblemCode, problemCodes } from "./model/problem-codes.ts";
export { type Outcome, processName, type Slot, type StopReason, slotName } from "./model/process.ts";
export {
  type Amendment,
  amended,
  type ConfigLayer,
  type FrozenAttachment,
  type FrozenValue,
  type Override,
  type Release,
  type ReleaseOutcome,
  type ReleaseReason,
} from "./model/release.ts";
export { variableFor } from "./model/resource-variable.ts";
export type { Run, RunName } from "./model/run.ts";
export { inventorySchema, manifestSchema } from "./model/schema.ts";
export { shellQuoted } from "./model/shell-text.ts";
export { stateUnwritable } from "./model/state-unwritable.ts";
export type { Acme, CertificateFiles, Tls } from "./model/tls.ts";
export { durationMs, durationText, sizeBytes } from "./model/units.ts";
export { typeFlaw } from "./model/value.ts";
export { isReserved, looksSecret } from "./model/variable.ts";
export { type YamlText, yamlText } from "./model/yaml-text.ts";
export { autoscale, noPast, type Scaling, type ScalingPast, type ScalingSeen } from "./plan/autoscale.ts";
export { programOf, shellCommand } from "./plan/command.ts";
export { type ConfigIn, type IgnoredValue, isSecret, type LayerValue, layersOf, resolveConfig } from "./plan/config.ts";
export { type CronAction, type CronIn, decideCron, graceForLateRunMs } from "./plan/cron.ts";
export { allReady, type Decision, type Desired, type DesiredRelease, type DesiredTask, deploy, type Verdict } from "./plan/deploy.ts";
export { type Difference, diffReleases, type ReleaseDifference } from "./plan/diff.ts";
export { type Disparity, disparities, type EnvironmentFacts, type ProcessLimits } from "./plan/parity.ts";
export { type PastRelease, rollbackTarget } from "./plan/rollback.ts";
export type { Step } from "./plan/step.ts";

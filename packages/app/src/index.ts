export {
  type Config,
  type ConfigMethods,
  type ConfigOptions,
  defineConfig,
  readConfig,
} from "./config/config.ts";
export type { ConfigDeclaration, ConfigDeclarations, ConfigType, ConfigValue, ConfigValues, LiveKey } from "./config/declaration.ts";
export type { LiveSource } from "./config/live-values.ts";
export { configManifest, configTable } from "./config/print.ts";
export type { ConfigOrigin, ConfigSurroundings, Texts } from "./config/sources.ts";
export { withContext } from "./log/context.ts";
export { type Log, type LogFields, type LogLevel, log } from "./log/log.ts";
export { hideSecret } from "./log/secrets.ts";
export { type Platform, platform } from "./platform.ts";
export { Problem, type ProblemCode, type ProblemText } from "./problem.ts";
export { addHealthCheck, type Health, type HealthCheck, health } from "./resource/health.ts";
export { type Resource, type ResourceDeclaration, resource } from "./resource/resource.ts";
export { type AppDeclaration, type ProcessStart, run } from "./run/run.ts";
export {
  type ArgumentDeclaration,
  type ArgumentDeclarations,
  type ArgumentValues,
  type Task,
  type TaskDeclaration,
  task,
} from "./run/task.ts";
export { onStop, type StopPhase, setStopGrace, stopProcess, stopping } from "./stop/stop.ts";

export { folderAppName } from "./app-name.ts";
export { type BuildEvent, type BuildRequest, type BuildResult, build } from "./build.ts";
export { detect } from "./detect.ts";
export { type Facts, readNames } from "./facts.ts";
export { initManifest, manifestText } from "./init.ts";
export type { BuildPlan } from "./plan.ts";
export { type ResolvedCommand, resolveCommand } from "./resolve-command.ts";
export { workingTreeDigest } from "./source.ts";
export { openBuild, pruneBuilds, type StoredBuild } from "./store.ts";

import type { Command } from "commander";

/** One command, loaded only when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: "Run" | "Release" | "Config and resources" | "Look" | "Start here";
  load(): Promise<{ register(program: Command): void }>;
}

export const commands: readonly CommandEntry[] = [
  { name: "up", group: "Start here", summary: "build, release and run the app in the foreground", load: () => import("./commands/up.ts") },
  { name: "init", group: "Start here", summary: "write a douze.yaml from what is found", load: () => import("./commands/init.ts") },
  { name: "build", group: "Release", summary: "make a build, without a release", load: () => import("./commands/build.ts") },
  { name: "image", group: "Release", summary: "make the container image of a build", load: () => import("./commands/image.ts") },
  { name: "deploy", group: "Release", summary: "build a commit and release it", load: () => import("./commands/deploy.ts") },
  {
    name: "render",
    group: "Release",
    summary: "print what a release would be in a cluster",
    load: () => import("./commands/render.ts"),
  },
  {
    name: "pipeline",
    group: "Start here",
    summary: "print a pipeline that releases each commit",
    load: () => import("./commands/pipeline.ts"),
  },
  { name: "releases", group: "Release", summary: "list releases, or show one", load: () => import("./commands/releases.ts") },
  { name: "diff", group: "Release", summary: "show what differs between two releases", load: () => import("./commands/diff.ts") },
  {
    name: "parity",
    group: "Look",
    summary: "show in what two environments differ that should be alike",
    load: () => import("./commands/parity.ts"),
  },
  { name: "rollback", group: "Release", summary: "return to an earlier release, all of it", load: () => import("./commands/rollback.ts") },
  {
    name: "promote",
    group: "Release",
    summary: "release an environment's build in another one",
    load: () => import("./commands/promote.ts"),
  },
  { name: "serve", group: "Run", summary: "run the engine for several apps, as a service", load: () => import("./commands/serve.ts") },
  { name: "ps", group: "Run", summary: "list processes", load: () => import("./commands/ps.ts") },
  { name: "scale", group: "Run", summary: "set how many processes of a type run", load: () => import("./commands/scale.ts") },
  { name: "restart", group: "Run", summary: "replace processes one by one", load: () => import("./commands/restart.ts") },
  { name: "stop", group: "Run", summary: "stop the app, or single process types", load: () => import("./commands/stop.ts") },
  { name: "run", group: "Run", summary: "run a command in the current release", load: () => import("./commands/run.ts") },
  {
    name: "console",
    group: "Run",
    summary: "open the app's prompt in the current release",
    load: () => import("./commands/console.ts"),
  },
  { name: "runs", group: "Run", summary: "list one-offs", load: () => import("./commands/runs.ts") },
  { name: "cron", group: "Run", summary: "list scheduled commands and their runs", load: () => import("./commands/cron.ts") },
  {
    name: "maintenance",
    group: "Run",
    summary: "answer requests with a maintenance page",
    load: () => import("./commands/maintenance.ts"),
  },
  { name: "cluster", group: "Start here", summary: "prepare a Kubernetes cluster", load: () => import("./commands/cluster.ts") },
  {
    name: "drift",
    group: "Look",
    summary: "show what in a cluster is not as it was released",
    load: () => import("./commands/drift.ts"),
  },
  {
    name: "check",
    group: "Look",
    summary: "show by experiment which factors an app holds",
    load: () => import("./commands/check.ts"),
  },
  { name: "logs", group: "Look", summary: "show what processes wrote", load: () => import("./commands/logs.ts") },
  { name: "drains", group: "Look", summary: "show where the log goes, and how far it got", load: () => import("./commands/drains.ts") },
  { name: "why", group: "Look", summary: "show how a process last failed", load: () => import("./commands/why.ts") },
  { name: "status", group: "Look", summary: "show the app's release, formation and address", load: () => import("./commands/status.ts") },
  { name: "open", group: "Look", summary: "open the app in a browser", load: () => import("./commands/open.ts") },
  { name: "config", group: "Config and resources", summary: "list, set and explain config", load: () => import("./commands/config.ts") },
  {
    name: "secrets",
    group: "Config and resources",
    summary: "keep encrypted values in the inventory",
    load: () => import("./commands/secrets.ts"),
  },
  {
    name: "resources",
    group: "Config and resources",
    summary: "list, back up and restore resources",
    load: () => import("./commands/resources.ts"),
  },
  { name: "attach", group: "Config and resources", summary: "attach a resource, or swap it", load: () => import("./commands/attach.ts") },
  { name: "detach", group: "Config and resources", summary: "take a resource away", load: () => import("./commands/detach.ts") },
  {
    name: "completion",
    group: "Start here",
    summary: "print a completion script for a shell",
    load: () => import("./commands/completion.ts"),
  },
];

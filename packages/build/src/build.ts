import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import {
  type Build,
  type Digest,
  type Instant,
  type Manifest,
  manifestFromFiles,
  type ProcessDeclaration,
  type ProcessType,
} from "@douze/core";
import { folderAppName } from "./app-name.ts";
import { detect } from "./detect.ts";
import { execute } from "./execute.ts";
import { type Facts, readNames } from "./facts.ts";
import { packageJson } from "./node-plan.ts";
import type { BuildPlan } from "./plan.ts";
import { toolMissing } from "./problems.ts";
import { relocateVenv } from "./relocate.ts";
import { resolveCommand } from "./resolve-command.ts";
import { findRuntime, findTool, type Runtime } from "./runtimes.ts";
import { exportSource } from "./source.ts";
import { lookUp, openBuild, put, remember, remove, workshop } from "./store.ts";

export interface BuildRequest {
  /** The app's folder; it may be one of several in a repository. */
  readonly directory: string;
  /** A commit, branch or tag. Default HEAD. */
  readonly ref?: string;
  /** What lies in the folder, in place of a commit. */
  readonly workingTree: boolean;
  /** It is to run in a container: where the manifest names a Dockerfile, that makes it runnable. Default false. */
  readonly container?: boolean;
  /** Where builds are kept. */
  readonly store: string;
  /** Where package managers keep what they have fetched, from build to build. */
  readonly cache: string;
  readonly onProgress: (event: BuildEvent) => void;
  readonly signal: AbortSignal;
  /** Where runtimes are looked for. */
  readonly path: string;
  /** The user's home, for version tools and for settings of package managers. */
  readonly home?: string;
}

export interface BuildEvent {
  /** `output`: a line that a step wrote. */
  readonly kind: "stage" | "output";
  readonly text: string;
}

export interface BuildResult {
  readonly build: Build;
  readonly tree: string;
  /** Nothing was done: the same input had been built. */
  readonly reused: boolean;
}

/**
 * Makes a codebase runnable, in a clean copy and without the app's config; or finds that it was done before.
 *
 * @throws Problem build-undetectable, build-failed, build-interrupted, lock-missing, lock-ambiguous, lock-stale, runtime-missing,
 * build-tool-missing, ref-unknown, submodule-present, source-escapes, manifest-invalid … - nothing is left in the store then
 */
export async function build(request: BuildRequest): Promise<BuildResult> {
  const { store, onProgress, signal } = request;
  const making = await workshop(store);
  try {
    const tree = join(making, "tree");
    const source = await exportSource(request, tree);
    const facts = await factsOf(tree);
    const declared = manifestFromFiles(facts.texts, folderAppName(request.directory));
    const dockerfile = request.container ? declared?.build.dockerfile : undefined;
    const how = dockerfile === undefined ? (declared?.build ?? {}) : ({ language: "none" } as const);
    const detected = detect(facts, how, Object.keys(declared?.processes ?? {}).length > 0);
    const plan = dockerfile === undefined ? detected : { ...detected, why: dockerfile, others: [] };
    const manifest = completed(declared, plan, facts, request.directory);
    const runtime = plan.runtime && (await findRuntime(plan.runtime, request.path, request.home));
    onProgress({ kind: "stage", text: `${plan.language}${runtime ? ` ${runtime.version}` : ""} (${plan.why})` });
    for (const other of plan.others)
      onProgress({ kind: "stage", text: `${other} was seen too; \`build: { language: ${other} }\` in douze.yaml takes it` });
    const input = inputDigest(source.tree, plan, runtime);
    const known = await lookUp(store, input);
    const kept = known && (await openBuild(store, known).catch(() => undefined));
    if (kept) {
      // The same tree may come from another commit; what is told of it is this one's.
      return { tree: kept.tree, build: { ...kept.build, source, manifest }, reused: true };
    }
    await make(request, plan, runtime, making);
    signal.throwIfAborted();
    const stored = await put(store, making, (digest) => ({
      digest,
      source,
      language: plan.language,
      path: plan.path,
      runtimes: runtime ? [runtime.folder] : [],
      env: plan.language === "static" ? staticEnv() : plan.env,
      manifest,
      createdAt: Date.now() as Instant,
    }));
    await remember(store, input, stored.build.digest);
    return { ...stored, reused: false };
  } finally {
    await remove(making);
  }
}

async function make(request: BuildRequest, plan: BuildPlan, runtime: Runtime | undefined, making: string): Promise<void> {
  const { onProgress, signal, path } = request;
  const cwd = join(making, "tree");
  const home = join(making, "home");
  const tmp = join(making, "tmp");
  await Promise.all([mkdir(home), mkdir(tmp), mkdir(request.cache, { recursive: true, mode: 0o700 })]);
  const paths = [...(runtime ? [runtime.folder] : []), ...path.split(":")].join(":");
  for (const tool of plan.tools) if (!(await findTool(tool, paths))) throw toolMissing(tool);
  const env = { ...isolated(request, home, tmp), ...plan.buildEnv, PATH: paths, DOUZE_BUILDING: "1" };
  for (const step of plan.steps) {
    onProgress({ kind: "stage", text: step.title });
    await execute(step, { cwd, env, signal, onLine: (text) => onProgress({ kind: "output", text }) });
  }
  if (plan.venv !== undefined) await relocateVenv(join(cwd, plan.venv));
  await Promise.all([rm(home, { recursive: true, force: true }), rm(tmp, { recursive: true, force: true })]);
}

/** Which of the user's variables a build may see: where packages come from, and nothing of the app. */
const passed =
  /^(https?_proxy|no_proxy|all_proxy|ssl_cert_(file|dir)|node_extra_ca_certs|npm_config_(registry|userconfig|globalconfig|cafile|.*_?proxy)|pip_(index_url|extra_index_url|trusted_host|cert|config_file)|uv_(index.*|default_index|extra_index_url|native_tls)|goproxy|gonosumdb|gonosumcheck|gosumdb|goprivate|goflags_|gonoproxy|bundle_mirror.*|gem_host|yarn_registry|cargo_.*registry.*)$/i;

function isolated({ cache, home: userHome }: BuildRequest, home: string, tmp: string): Record<string, string> {
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0]));
  const settings =
    userHome === undefined
      ? {}
      : { npm_config_userconfig: join(userHome, ".npmrc"), PIP_CONFIG_FILE: join(userHome, ".config/pip/pip.conf") };
  return {
    LANG: "C.UTF-8",
    CI: "1",
    TERM: "dumb",
    ...settings,
    ...Object.fromEntries(given),
    HOME: home,
    TMPDIR: tmp,
    XDG_CACHE_HOME: cache,
    npm_config_cache: join(cache, "npm"),
    PIP_CACHE_DIR: join(cache, "pip"),
    UV_CACHE_DIR: join(cache, "uv"),
    YARN_CACHE_FOLDER: join(cache, "yarn"),
    npm_config_store_dir: join(cache, "pnpm"),
    GOCACHE: join(cache, "go-build"),
    GOMODCACHE: join(cache, "go-mod"),
    SOURCE_DATE_EPOCH: "315532800",
  };
}

/** The same for the same input: what went in, how it is built, with what, and for which machine. */
function inputDigest(tree: Digest, plan: BuildPlan, runtime: Runtime | undefined): Digest {
  const steps = plan.steps.map(({ command }) => command);
  const parts = [recipe, tree, plan.language, steps, plan.buildEnv, runtime?.version ?? "", platform(), arch()];
  return `sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}` as Digest;
}

/** Raised when Douze builds in another way, so that what was built before is not taken for the same. */
const recipe = 1;

async function factsOf(tree: string): Promise<Facts> {
  const names = new Set(await readdir(tree));
  const texts = await Promise.all(
    readNames.filter((name) => names.has(name)).map(async (name) => [name, await readFile(join(tree, name), "utf8")] as const),
  );
  return { names, texts: Object.fromEntries(texts) };
}

/** The manifest with what detection knows: a default `web`, and commands without a package manager in between. */
function completed(declared: Manifest | undefined, plan: BuildPlan, facts: Facts, directory: string): Manifest {
  const detected = Object.entries(plan.processes).map(([type, command]) => `${type}: ${command}`);
  const fallback = detected.length > 0 ? manifestFromFiles({ Procfile: `${detected.join("\n")}\n` }, folderAppName(directory)) : undefined;
  const manifest = declared ?? fallback ?? manifestFromFiles({ "douze.yaml": "{}" }, folderAppName(directory));
  if (!manifest) throw new Error("a manifest without content must be one");
  const processes = Object.keys(manifest.processes).length > 0 ? manifest.processes : (fallback?.processes ?? {});
  const json = packageJson(facts.texts["package.json"] ?? "{}");
  const resolved = (command: string): string => (plan.language === "node" ? resolveCommand(command, json).command : command);
  return {
    ...manifest,
    processes: Object.fromEntries(
      Object.entries(processes).map(([type, each]): [ProcessType, ProcessDeclaration] => [
        type as ProcessType,
        { ...each, command: resolved(each.command) },
      ]),
    ),
    ...(manifest.release && { release: { ...manifest.release, command: resolved(manifest.release.command) } }),
    ...(manifest.console !== undefined && { console: resolved(manifest.console) }),
    cron: Object.fromEntries(Object.entries(manifest.cron).map(([entry, each]) => [entry, { ...each, command: resolved(each.command) }])),
  };
}

function staticEnv(): Record<string, string> {
  const own = import.meta.filename;
  return {
    DOUZE_NODE: process.execPath,
    DOUZE_STATIC_SERVER: join(dirname(own), "static", own.endsWith(".ts") ? "server.ts" : "server.js"),
  };
}

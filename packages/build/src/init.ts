import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultInventory, type EnvironmentName, envFile, isSecret, type Manifest, manifestFromFiles, Problem } from "@douze/core";
import { folderAppName } from "./app-name.ts";
import { detect } from "./detect.ts";
import { type Facts, readNames } from "./facts.ts";
import { packageJson } from "./node-plan.ts";
import type { BuildPlan } from "./plan.ts";
import { resolveCommand } from "./resolve-command.ts";

/**
 * Writes a manifest from what is found in a folder, each line explained. Nothing is stored.
 *
 * @returns the text of a `douze.yaml`
 */
export async function initManifest(directory: string): Promise<string> {
  const names = new Set(await readdir(directory));
  const texts = Object.fromEntries(
    await Promise.all(
      readNames.filter((name) => names.has(name)).map(async (name) => [name, await readFile(join(directory, name), "utf8")] as const),
    ),
  );
  return manifestText({ names, texts }, folderAppName(directory));
}

/** The same from facts. Pure. */
export function manifestText(facts: Facts, app: string): string {
  const { "douze.yaml": _own, ...files } = facts.texts;
  const declared = manifestFromFiles(files, app);
  const plan = planOf(facts, declared);
  const lines = [
    `app: ${declared?.app ?? app} # its name in the ledger, in logs and in host names`,
    "",
    ...buildLines(plan),
    ...processLines(facts, declared, plan),
    ...releaseLines(facts, declared),
    ...resourceLines(facts, declared),
    ...configLines(facts, declared),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

/** What is wrong with a lock file is said by the build; a manifest is written all the same. */
function planOf(facts: Facts, declared: Manifest | undefined): BuildPlan | undefined {
  const locks = /^(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock|poetry\.lock)$/;
  const without = [...facts.names].filter((name) => !locks.test(name));
  const wished = facts.names.has("package.json") ? "package-lock.json" : "uv.lock";
  for (const names of [facts.names, new Set([...without, wished])]) {
    try {
      return detect({ ...facts, names }, declared?.build ?? {}, Object.keys(declared?.processes ?? {}).length > 0);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "build-undetectable") return undefined;
    }
  }
  return undefined;
}

function buildLines(plan: BuildPlan | undefined): string[] {
  if (!plan || plan.language === "none") return ["# build: npm run build   # a command, where there is something to build", ""];
  const steps = plan.steps.map(({ title }) => title).join(", ") || "nothing to install";
  return [
    `# The build is detected: ${plan.language}, from ${plan.why}; it does: ${steps}.`,
    "# build: { command: … }   # would run after that",
    "",
  ];
}

function processLines(facts: Facts, declared: Manifest | undefined, plan: BuildPlan | undefined): string[] {
  const from = Object.entries(declared?.processes ?? {}).map(([type, { command, scale }]) => ({ type, command, scale }));
  const found = from.length > 0 ? from : Object.entries(plan?.processes ?? {}).map(([type, command]) => ({ type, command, scale: 1 }));
  const known = found.length > 0 ? found : guessed(facts);
  const json = packageJson(facts.texts["package.json"] ?? "{}");
  const lines = known.flatMap(({ type, command, scale }) => {
    const resolved = resolveCommand(command, json).command;
    const note = resolved === command ? "" : ` # ${command}, without a package manager in between`;
    return [`  ${type}:${note}`, `    command: ${quoted(resolved)}`, `    scale: ${scale} # how many run`];
  });
  return [
    "# Process types. `web` gets PORT, and requests; all others get neither.",
    "processes:",
    ...(lines.length > 0 ? lines : ["  web:", '    command: "./serve" # what listens on $PORT']),
    "    # health: { readiness: /readyz, liveness: /livez } # without it, ready when the port accepts",
    "    # grace: 30s # from SIGTERM to SIGKILL",
    "    # memory: 512MiB # restarted above it",
    "",
  ];
}

/** Frameworks that name no command of their own. */
function guessed({ names, texts }: Facts): { type: string; command: string; scale: number }[] {
  const needs = `${texts["requirements.txt"] ?? ""}\n${texts["pyproject.toml"] ?? ""}`.toLowerCase();
  const module = ["app", "main", "web", "wsgi", "asgi"].find((name) => names.has(`${name}.py`)) ?? "app";
  if (names.has("manage.py")) return [{ type: "web", command: "gunicorn --bind $HOST:$PORT config.wsgi", scale: 1 }];
  if (needs.includes("fastapi") || needs.includes("uvicorn"))
    return [{ type: "web", command: `uvicorn ${module}:app --host $HOST --port $PORT`, scale: 1 }];
  if (needs.includes("gunicorn") || needs.includes("flask"))
    return [{ type: "web", command: `gunicorn --bind $HOST:$PORT ${module}:app`, scale: 1 }];
  return [];
}

function releaseLines(facts: Facts, declared: Manifest | undefined): string[] {
  const command = declared?.release?.command ?? (facts.names.has("manage.py") ? "python manage.py migrate" : undefined);
  const head = "# Runs once per release, before any of its processes; if it fails, nothing has changed for users.";
  return [head, command === undefined ? "# release: node migrate.js" : `release: ${quoted(command)}`, ""];
}

const clients: readonly (readonly [RegExp, string, string])[] = [
  [/"(pg|postgres|pg-promise|@prisma\/client|drizzle-orm)"|psycopg|asyncpg|^\s*gem ["']pg["']|lib\/pq|jackc\/pgx/m, "db", "postgres"],
  [/"(ioredis|redis|bullmq|iovalkey)"|^redis\b|^\s*gem ["'](redis|sidekiq)["']|go-redis/m, "cache", "redis"],
];

function resourceLines({ texts }: Facts, declared: Manifest | undefined): string[] {
  const given = Object.entries(declared?.resources ?? {}).map(([name, { type }]) => [name, type] as const);
  const code = ["package.json", "requirements.txt", "pyproject.toml", "Gemfile", "go.mod"].map((name) => texts[name] ?? "").join("\n");
  const seen = clients.filter(([pattern]) => pattern.test(code)).map(([, name, type]) => [name, type] as const);
  const list = given.length > 0 ? given : seen;
  const head = "# Backing services, each by a URL in a variable (postgres: DATABASE_URL). In development a real server is started.";
  return [
    head,
    ...(list.length === 0 ? ["# resources: { db: postgres }"] : ["resources:", ...list.map(([name, type]) => `  ${name}: ${type}`)]),
    "",
  ];
}

function configLines({ texts }: Facts, declared: Manifest | undefined): string[] {
  const example = texts[".env.example"] === undefined ? {} : envFile(texts[".env.example"], ".env.example");
  const keys = [...new Set([...Object.keys(declared?.config ?? {}), ...Object.keys(example)])].filter(
    (key) => !/^(PORT|HOST|DATABASE_URL|REDIS_URL)$/.test(key),
  );
  const none = defaultInventory("development" as EnvironmentName);
  const lines = keys.map((key) => {
    const known = declared?.config[key];
    const secret = known?.secret ?? isSecret(key, undefined, none);
    const value = known?.default ?? (secret ? undefined : example[key] || undefined);
    const parts = [
      ...(known?.generate ? ["generate: secret"] : []),
      ...(secret && !known?.generate ? ["secret: true"] : []),
      ...(value === undefined ? [] : [`default: ${quoted(value)}`]),
      ...(known?.required === false && value === undefined ? ["required: false"] : []),
      ...(known?.description === undefined ? [] : [`description: ${quoted(known.description)}`]),
    ];
    return `  ${key}: { ${parts.join(", ") || "required: true"} }`;
  });
  const head = "# Config arrives as environment variables. `live: true` keys are also files, swapped without a release.";
  return [
    head,
    ...(lines.length === 0
      ? ["# config:", "#   PAGE_SIZE: { type: integer, default: 20 }", "#   API_KEY: { secret: true }"]
      : ["config:", ...lines]),
  ];
}

/** As YAML, also within braces: what could be taken for anything but this text is quoted. */
function quoted(text: string): string {
  const isPlain = /^[A-Za-z./][A-Za-z0-9 ./=_@%+$-]*$/.test(text) && !text.endsWith(" ");
  return isPlain && !/^(true|false|yes|no|y|n|on|off|null|\.(inf|nan))$/i.test(text) && Number.isNaN(Number(text))
    ? text
    : JSON.stringify(text);
}

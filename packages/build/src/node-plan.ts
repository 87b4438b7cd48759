import { Problem } from "@douze/core";
import { type Facts, firstLine, toolVersion } from "./facts.ts";
import type { BuildPlan, BuildStep, RuntimeWish } from "./plan.ts";
import { lockAmbiguous, lockMissing } from "./problems.ts";

export interface PackageJson {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  readonly packageManager?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** @throws Problem manifest-invalid - it is no JSON */
export function packageJson(text: string): PackageJson {
  try {
    return JSON.parse(text) as PackageJson;
  } catch (cause) {
    throw new Problem({
      code: "manifest-invalid",
      what: "package.json cannot be read",
      why: (cause as Error).message,
      fix: "mend it",
      places: [{ file: "package.json", line: 1, column: 1 }],
      cause,
    });
  }
}

const locks = { "package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm" } as const;

const installs: Record<"npm" | "yarn" | "berry" | "pnpm", BuildStep> = {
  npm: {
    title: "npm ci",
    command: "npm ci --no-fund --no-audit --loglevel=error",
    stale: {
      pattern: /can only install packages when your package\.json|EUSAGE|Missing: .* from lock file|Invalid: lock file/,
      file: "package-lock.json",
      mend: "npm install --package-lock-only",
    },
  },
  yarn: {
    title: "yarn install",
    command: "yarn install --frozen-lockfile --ignore-engines --prefer-offline --non-interactive",
    stale: { pattern: /lockfile needs to be updated/, file: "yarn.lock", mend: "yarn install" },
  },
  berry: {
    title: "yarn install",
    command: "yarn install --immutable",
    stale: { pattern: /YN0028|lockfile would have been (modified|created)/, file: "yarn.lock", mend: "yarn install" },
  },
  pnpm: {
    title: "pnpm install",
    command: "pnpm install --frozen-lockfile --prefer-offline",
    stale: { pattern: /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE/, file: "pnpm-lock.yaml", mend: "pnpm install --lockfile-only" },
  },
};

/**
 * Heroku's order: install with the development dependencies, build, drop them again. `heroku-postbuild` takes the place of `build`.
 *
 * @throws Problem lock-missing, lock-ambiguous
 */
export function nodePlan(facts: Facts): Omit<BuildPlan, "others"> {
  const json = packageJson(facts.texts["package.json"] ?? "{}");
  const { scripts = {} } = json;
  const found = Object.keys(locks).filter((name) => facts.names.has(name));
  if (found.length > 1) throw lockAmbiguous(found);
  const wants = Object.keys({ ...json.dependencies, ...json.devDependencies }).length > 0;
  const [lock] = found;
  if (lock === undefined && wants) throw lockMissing("package-lock.json", "package.json", "npm install --package-lock-only");
  const tool = lock === undefined ? "npm" : locks[lock as keyof typeof locks];
  const berry = tool === "yarn" && (facts.names.has(".yarnrc.yml") || /^yarn@[2-9]/.test(json.packageManager ?? ""));
  const runs = (script: string): BuildStep[] =>
    scripts[script] === undefined ? [] : [{ title: `${tool} run ${script}`, command: `${tool} run ${script}` }];
  const build = scripts["heroku-postbuild"] === undefined ? runs("build") : runs("heroku-postbuild");
  const install = lock === undefined ? [] : [installs[berry ? "berry" : tool]];
  const start = scripts["start"] === undefined ? (facts.names.has("server.js") ? { web: "node server.js" } : {}) : { web: "npm start" };
  return {
    language: "node",
    why: "package.json",
    runtime: nodeWish(facts, json),
    tools: lock === undefined && build.length === 0 ? [] : [tool],
    steps: [...runs("heroku-prebuild"), ...install, ...build, ...(lock === undefined ? [] : prune(tool, berry)), ...runs("heroku-cleanup")],
    buildEnv: {
      NODE_ENV: "production",
      NPM_CONFIG_PRODUCTION: "false",
      npm_config_include: "dev",
      YARN_PRODUCTION: "false",
      npm_config_update_notifier: "false",
      COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
    },
    env: { NODE_ENV: "production" },
    path: ["node_modules/.bin"],
    processes: start,
    notes: [],
  };
}

function prune(tool: "npm" | "yarn" | "pnpm", berry: boolean): BuildStep[] {
  switch (tool) {
    case "npm":
      return [
        {
          title: "npm prune", // Asked to include them for the install, npm would not omit them now.
          command:
            "env -u npm_config_include -u NPM_CONFIG_PRODUCTION npm prune --omit=dev --no-fund --no-audit --loglevel=error --ignore-scripts",
        },
      ];
    case "pnpm":
      return [{ title: "pnpm prune", command: "CI=true pnpm prune --prod --ignore-scripts" }];
    case "yarn":
      return berry
        ? []
        : [
            {
              title: "yarn install --production",
              command:
                "env -u YARN_PRODUCTION yarn install --production --frozen-lockfile --ignore-engines --ignore-scripts --prefer-offline --non-interactive",
            },
          ];
  }
}

function nodeWish(facts: Facts, json: PackageJson): RuntimeWish {
  const wishes: readonly (readonly [string | undefined, string])[] = [
    [json.engines?.node, "engines.node in package.json"],
    [firstLine(facts.texts[".node-version"]), ".node-version"],
    [firstLine(facts.texts[".nvmrc"]), ".nvmrc"],
    [toolVersion(facts, "nodejs", "node"), ".tool-versions"],
  ];
  const [range, from] = wishes.find(([wish]) => wish !== undefined) ?? [];
  if (range === undefined || from === undefined) return { name: "node", from: "nothing pins it" };
  const named = /^(lts\/.*|node|latest|current)$/.test(range);
  return named ? { name: "node", from } : { name: "node", range: range.replace(/^v/, ""), from };
}

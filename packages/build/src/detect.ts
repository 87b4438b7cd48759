import type { BuildDeclaration, Language } from "@douze/core";
import { type Facts, firstLine, toolVersion } from "./facts.ts";
import { nodePlan } from "./node-plan.ts";
import type { BuildPlan } from "./plan.ts";
import { undetectable } from "./problems.ts";
import { pythonNames, pythonPlan } from "./python-plan.ts";

/** In Heroku's order: a codebase with a Gemfile and a package.json is Ruby's. */
const order: readonly (readonly [Language, (facts: Facts) => boolean])[] = [
  ["ruby", ({ names }) => names.has("Gemfile")],
  ["node", ({ names }) => names.has("package.json")],
  ["python", ({ names }) => pythonNames.some((name) => names.has(name))],
  ["go", ({ names }) => names.has("go.mod")],
  ["static", ({ names }) => names.has("index.html")],
];

/**
 * Tells how a codebase is built. Pure.
 *
 * @param hasProcesses - a Procfile or manifest says what to run, so that a codebase in no known language needs no build
 * @throws Problem build-undetectable, lock-missing, lock-ambiguous
 */
export function detect(facts: Facts, declared: BuildDeclaration, hasProcesses: boolean): BuildPlan {
  const seen = order.filter(([, there]) => there(facts)).map(([language]) => language);
  const language = declared.language ?? seen[0] ?? (hasProcesses || declared.command !== undefined ? "none" : undefined);
  if (language === undefined) throw undetectable(facts.names);
  const plan = planOf(language, facts);
  const own = declared.command === undefined ? [] : [{ title: declared.command, command: declared.command }];
  return {
    ...plan,
    why: declared.language ? "build.language in the manifest" : plan.why,
    steps: [...plan.steps, ...own],
    others: seen.filter((each) => each !== language),
  };
}

function planOf(language: Language, facts: Facts): Omit<BuildPlan, "others"> {
  switch (language) {
    case "node":
      return nodePlan(facts);
    case "python":
      return pythonPlan(facts);
    case "go":
      return goPlan(facts);
    case "ruby":
      return rubyPlan(facts);
    case "static":
      return { ...bare, language, why: "index.html", processes: { web: `exec "$DOUZE_NODE" "$DOUZE_STATIC_SERVER"` } };
    case "none":
      return { ...bare, language, why: "there is nothing to build" };
  }
}

const bare: Omit<BuildPlan, "others"> = {
  language: "none",
  why: "",
  tools: [],
  steps: [],
  buildEnv: {},
  env: {},
  path: [],
  processes: {},
  notes: [],
};

function goPlan(facts: Facts): Omit<BuildPlan, "others"> {
  const mod = facts.texts["go.mod"] ?? "";
  const wish = /^\s*\/\/ \+heroku goVersion (\S+)/m.exec(mod)?.[1]?.replace(/^go/, "") ?? /^go (\d+\.\d+(?:\.\d+)?)/m.exec(mod)?.[1];
  const packages = /^\s*\/\/ \+heroku install (.+)$/m.exec(mod)?.[1];
  const name =
    /^module\s+(\S+)/m
      .exec(mod)?.[1]
      ?.split("/")
      .findLast((part) => !/^v\d+$/.test(part)) ?? "app";
  const vendored = facts.names.has("vendor") ? "-mod=vendor" : "-mod=readonly";
  return {
    ...bare,
    language: "go",
    why: "go.mod",
    runtime: { name: "go", from: wish ? "go.mod" : "nothing pins it", ...(wish !== undefined && { range: `>=${wish}` }) },
    steps: [
      {
        title: "go build",
        command: `mkdir -p bin && for p in ${packages ?? `$(go list ${vendored} -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./...)`}; do go build ${vendored} -trimpath -buildvcs=false -tags heroku -o bin/ "$p" || exit 1; done`,
        stale: { pattern: /updates to go\.(mod|sum) needed|missing go\.sum entry/, file: "go.sum", mend: "go mod tidy" },
      },
    ],
    buildEnv: { GOFLAGS: "", GOTOOLCHAIN: "local", CGO_ENABLED: "0" },
    path: ["bin"],
    processes: { web: `bin/${name}` },
  };
}

function rubyPlan(facts: Facts): Omit<BuildPlan, "others"> {
  const gemfile = facts.texts["Gemfile"] ?? "";
  const lock = facts.texts["Gemfile.lock"] ?? "";
  const wish =
    /^RUBY VERSION\s+ruby (\d+\.\d+\.\d+)/m.exec(lock)?.[1] ??
    firstLine(facts.texts[".ruby-version"])?.replace(/^ruby-/, "") ??
    toolVersion(facts, "ruby") ??
    /^\s*ruby\s+["']([^"']+)["']/m.exec(gemfile)?.[1];
  const has = (gem: string): boolean => new RegExp(`^ {4}${gem} \\(`, "m").test(lock);
  const web = has("railties")
    ? "bin/rails server -p ${PORT:-5000} -e $RAILS_ENV"
    : has("rack")
      ? "bundle exec rackup config.ru -p ${PORT:-5000}"
      : undefined;
  return {
    ...bare,
    language: "ruby",
    why: "Gemfile",
    runtime: {
      name: "ruby",
      from: wish ? "the Gemfile and its kin" : "nothing pins it",
      ...(wish !== undefined && { range: wish.replace(/^~> ?/, "~") }),
    },
    tools: ["bundle"],
    steps: [
      {
        title: "bundle install",
        command: "bundle install -j4 --quiet",
        stale: {
          pattern: /frozen mode|lockfile.*(out of date|can't be updated)|Gemfile\.lock/i,
          file: "Gemfile.lock",
          mend: "bundle lock",
        },
      },
      ...(has("railties")
        ? [
            {
              title: "assets:precompile",
              command:
                "if bundle exec rake -P 2>/dev/null | grep -q '^rake assets:precompile'; then SECRET_KEY_BASE_DUMMY=1 DATABASE_URL=postgres://nobody@127.0.0.1/none bundle exec rake assets:precompile; fi",
            },
          ]
        : []),
    ],
    buildEnv: {
      BUNDLE_DEPLOYMENT: "1",
      BUNDLE_WITHOUT: "development:test",
      BUNDLE_PATH: "vendor/bundle",
      RAILS_ENV: "production",
      RACK_ENV: "production",
    },
    env: {
      BUNDLE_DEPLOYMENT: "1",
      BUNDLE_WITHOUT: "development:test",
      BUNDLE_PATH: "vendor/bundle",
      BUNDLE_GEMFILE: "$TREE/Gemfile",
      RAILS_ENV: "production",
      RACK_ENV: "production",
      RAILS_LOG_TO_STDOUT: "enabled",
      RAILS_SERVE_STATIC_FILES: "enabled",
      MALLOC_ARENA_MAX: "2",
      PUMA_PERSISTENT_TIMEOUT: "95",
    },
    path: ["bin"],
    processes: web === undefined ? {} : { web },
  };
}

import { parse as parseYaml } from "yaml";
import { requiredModules } from "./go-mod.ts";

/** Something that keeps a set of dependencies from being one exact set. */
export interface LockFlaw {
  readonly subject: string;
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly file?: string;
  readonly line?: number;
  readonly fix: string;
}

/** What is known of one manifest. */
export interface LockState {
  readonly manifest: string;
  /** Absent: the manifest itself is exact. */
  readonly lock?: string;
  readonly dependencies: number;
  readonly flaws: readonly LockFlaw[];
}

type Texts = ReadonlyMap<string, string>;

/** Looks at each manifest with its lock. Pure: `texts` are those of the app's own folder, `tracked` the paths that the repository has. */
export function lockStates(texts: Texts, tracked: ReadonlySet<string>): readonly LockState[] {
  return [node, python, pyproject, ruby, go, cargo, maven].flatMap((look) => look(texts, tracked) ?? []);
}

function node(texts: Texts): LockState | undefined {
  const text = texts.get("package.json");
  const json = text === undefined ? undefined : jsonOf(text);
  if (!json) return undefined;
  const declared = { ...record(json["dependencies"]), ...record(json["devDependencies"]) };
  const names = Object.keys(declared);
  if (names.length === 0) return undefined;
  const manifest = "package.json";
  const npm = texts.has("package-lock.json") ? "package-lock.json" : texts.has("npm-shrinkwrap.json") ? "npm-shrinkwrap.json" : undefined;
  if (npm !== undefined) {
    const root = record(record(jsonOf(texts.get(npm) ?? "")?.["packages"])[""]);
    const locked = { ...record(root["dependencies"]), ...record(root["devDependencies"]) };
    return {
      manifest,
      lock: npm,
      dependencies: names.length,
      flaws: names.flatMap((name) => differing(name, declared[name], locked[name], npm, "npm install")),
    };
  }
  if (texts.has("yarn.lock")) {
    const lock = texts.get("yarn.lock") ?? "";
    const missing = names.filter((name) => !new RegExp(`^"?(?:[^\\n]*[", ])?${escaped(name)}@`, "m").test(lock));
    return {
      manifest,
      lock: "yarn.lock",
      dependencies: names.length,
      flaws: missing.map((name) => unlocked(name, "yarn.lock", "yarn install")),
    };
  }
  if (texts.has("pnpm-lock.yaml")) {
    const lock = parseYaml(texts.get("pnpm-lock.yaml") ?? "") as Record<string, unknown> | null;
    const own = record(record(lock?.["importers"])["."] ?? lock);
    const locked = { ...record(own["dependencies"]), ...record(own["devDependencies"]) };
    const flaws = names.flatMap((name) => {
      const entry = locked[name];
      const specifier = typeof entry === "object" ? record(entry)["specifier"] : declared[name];
      return differing(name, declared[name], entry === undefined ? undefined : specifier, "pnpm-lock.yaml", "pnpm install");
    });
    return { manifest, lock: "pnpm-lock.yaml", dependencies: names.length, flaws };
  }
  return {
    manifest,
    dependencies: names.length,
    flaws: [noLock(manifest, names.length, "npm install --package-lock-only, and commit package-lock.json")],
  };
}

function python(texts: Texts): LockState | undefined {
  const manifest = "requirements.txt";
  const text = texts.get(manifest);
  if (text === undefined || texts.has("uv.lock") || texts.has("poetry.lock")) return undefined;
  // A line that goes on after a backslash is one.
  const lines = text.split("\n").map((line, index) => ({ line: line.replace(/(^|\s)#.*$/, "").trim(), number: index + 1 }));
  const wanted = lines.filter(({ line }) => line !== "" && !line.startsWith("-") && !line.startsWith("--hash"));
  if (wanted.length === 0) return undefined;
  const flaws = wanted.flatMap(({ line, number }): LockFlaw[] => {
    const name = /^[A-Za-z0-9._-]+/.exec(line)?.[0] ?? line;
    if (/^[A-Za-z0-9._-]+(\[[^\]]*\])?\s*===?\s*[^\s;*]+/.test(line) || /@\s*(https?:\S+#sha256=|git\+\S+@[0-9a-f]{40})/.test(line))
      return [];
    return [
      {
        subject: name,
        severity: "error",
        what: `${name} has no exact version: \`${line.slice(0, 80)}\``,
        line: number,
        fix: "pip-compile requirements.in, or uv pip compile: each package with `==`, those that others bring along too",
      },
    ];
  });
  return { manifest, dependencies: wanted.length, flaws };
}

function pyproject(texts: Texts): LockState | undefined {
  const manifest = "pyproject.toml";
  const text = texts.get(manifest);
  if (text === undefined) return undefined;
  const listed =
    /^dependencies\s*=\s*\[([^\]]*)\]/ms
      .exec(text)?.[1]
      ?.match(/["']([A-Za-z0-9._-]+)/g)
      ?.map((each) => each.slice(1)) ?? [];
  const poetry =
    /^\[tool\.poetry\.dependencies\]\n((?:(?!^\[).*\n?)*)/m
      .exec(text)?.[1]
      ?.match(/^[A-Za-z0-9._-]+(?=\s*=)/gm)
      ?.filter((name) => name !== "python") ?? [];
  const names = [...listed, ...poetry];
  if (names.length === 0) return undefined;
  const lock = ["uv.lock", "poetry.lock"].find((name) => texts.has(name));
  if (lock === undefined) {
    if (texts.has("requirements.txt")) return undefined;
    return { manifest, dependencies: names.length, flaws: [noLock(manifest, names.length, "uv lock, and commit uv.lock")] };
  }
  const locked = new Set([...(texts.get(lock) ?? "").matchAll(/^name = "([^"]+)"/gm)].map(([, name = ""]) => normal(name)));
  return {
    manifest,
    lock,
    dependencies: names.length,
    flaws: names
      .filter((name) => !locked.has(normal(name)))
      .map((name) => unlocked(name, lock, lock === "uv.lock" ? "uv lock" : "poetry lock")),
  };
}

function ruby(texts: Texts): LockState | undefined {
  const manifest = "Gemfile";
  const text = texts.get(manifest);
  if (text === undefined) return undefined;
  const names = [...text.matchAll(/^\s*gem\s+["']([^"']+)["']/gm)].map(([, name = ""]) => name);
  if (names.length === 0) return undefined;
  const lock = texts.get("Gemfile.lock");
  if (lock === undefined)
    return { manifest, dependencies: names.length, flaws: [noLock(manifest, names.length, "bundle lock, and commit Gemfile.lock")] };
  const locked = new Set([...lock.matchAll(/^ {2}([\w.-]+)!?(?: \(|$|!)/gm)].map(([, name = ""]) => name));
  return {
    manifest,
    lock: "Gemfile.lock",
    dependencies: names.length,
    flaws: names.filter((name) => !locked.has(name)).map((name) => unlocked(name, "Gemfile.lock", "bundle lock")),
  };
}

function go(texts: Texts, tracked: ReadonlySet<string>): LockState | undefined {
  const manifest = "go.mod";
  const text = texts.get(manifest);
  if (text === undefined) return undefined;
  const modules = requiredModules(text);
  if (modules.length === 0) return undefined;
  if ([...tracked].some((path) => path.startsWith("vendor/"))) return { manifest, lock: "vendor", dependencies: modules.length, flaws: [] };
  const sums = texts.get("go.sum");
  if (sums === undefined)
    return { manifest, dependencies: modules.length, flaws: [noLock(manifest, modules.length, "go mod tidy, and commit go.sum")] };
  const flaws = modules
    .filter(({ name, version }) => !sums.includes(`${name} ${version}/go.mod `))
    .map(({ name }) => unlocked(name, "go.sum", "go mod tidy"));
  return { manifest, lock: "go.sum", dependencies: modules.length, flaws };
}

function cargo(texts: Texts): LockState | undefined {
  const manifest = "Cargo.toml";
  const text = texts.get(manifest);
  const names = text === undefined ? [] : (/^\[dependencies\]\n((?:(?!^\[).*\n?)*)/m.exec(text)?.[1]?.match(/^[\w-]+(?=\s*[=.])/gm) ?? []);
  if (names.length === 0) return undefined;
  const lock = texts.get("Cargo.lock");
  if (lock === undefined)
    return {
      manifest,
      dependencies: names.length,
      flaws: [noLock(manifest, names.length, "cargo generate-lockfile, and commit Cargo.lock")],
    };
  return {
    manifest,
    lock: "Cargo.lock",
    dependencies: names.length,
    flaws: names
      .filter((name) => !lock.includes(`name = "${name}"`))
      .map((name) => unlocked(name, "Cargo.lock", "cargo generate-lockfile")),
  };
}

/** A version in a pom is exact, unless it is a range or one that moves. */
function maven(texts: Texts): LockState | undefined {
  const manifest = "pom.xml";
  const text = texts.get(manifest)?.replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, " "));
  if (text === undefined) return undefined;
  const all = [...text.matchAll(/<dependency>[\s\S]*?<\/dependency>/g)];
  if (all.length === 0) return undefined;
  const flaws = all.flatMap((match): LockFlaw[] => {
    const artifact = /<artifactId>\s*([^<\s]+)/.exec(match[0])?.[1] ?? "?";
    const version = /<version>\s*([^<\s]+)/.exec(match[0])?.[1];
    if (version === undefined || !(/^[[(]/.test(version) || /LATEST|RELEASE|SNAPSHOT/.test(version))) return [];
    return [
      {
        subject: artifact,
        severity: "error",
        what: `${artifact} has no exact version: ${version}`,
        line: text.slice(0, match.index).split("\n").length,
        fix: "write the version itself",
      },
    ];
  });
  return { manifest, dependencies: all.length, flaws };
}

function differing(name: string, declared: unknown, locked: unknown, file: string, mend: string): LockFlaw[] {
  if (locked === undefined) return [unlocked(name, file, mend)];
  return locked === declared
    ? []
    : [
        {
          subject: name,
          severity: "error",
          what: `${file} has ${name} as ${String(locked)}, and the manifest as ${String(declared)}`,
          file,
          fix: `${mend}, and commit ${file}`,
        },
      ];
}

function unlocked(name: string, file: string, mend: string): LockFlaw {
  return {
    subject: name,
    severity: "error",
    what: `${name} is declared, and ${file} does not have it`,
    file,
    fix: `${mend}, and commit ${file}`,
  };
}

function noLock(manifest: string, count: number, fix: string): LockFlaw {
  return {
    subject: "lock",
    severity: "error",
    what: `${manifest} declares ${count} ${count === 1 ? "dependency" : "dependencies"}, and there is no lock file`,
    fix,
  };
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return record(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** @see https://packaging.python.org/en/latest/specifications/name-normalization/ */
function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

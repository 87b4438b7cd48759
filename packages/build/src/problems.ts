import { Problem } from "@douze/core";

export function lockMissing(file: string, what: string, mend: string): Problem {
  return new Problem({
    code: "lock-missing",
    what: `${what} has no lock file`,
    why: `without ${file} two builds of one commit could differ`,
    fix: `make it and commit it: \`${mend}\``,
  });
}

export function lockAmbiguous(files: readonly string[]): Problem {
  return new Problem({
    code: "lock-ambiguous",
    what: `there are several lock files: ${files.join(", ")}`,
    why: "each belongs to another package manager, and they may differ",
    fix: `keep the one of the package manager you use and delete the others: \`git rm ${files.slice(1).join(" ")}\``,
  });
}

export function lockStale(file: string, mend: string, lines: readonly string[]): Problem {
  return new Problem({
    code: "lock-stale",
    what: `${file} does not fit what the codebase declares`,
    why: [
      "the package manager refused it:",
      ...lines
        .filter((line) => line.trim() !== "" && !/^npm error\s*$/.test(line))
        .slice(0, 8)
        .map((line) => `  ${line}`),
    ].join("\n"),
    fix: `bring it up to date and commit it: \`${mend}\``,
  });
}

export function buildFailed(command: string, ending: string, lines: readonly string[]): Problem {
  return new Problem({
    code: "build-failed",
    what: `the build failed: \`${command}\` ${ending}`,
    why: lines.length === 0 ? "it wrote nothing" : ["its last lines:", ...lines.map((line) => `  ${line}`)].join("\n"),
    fix: "mend it and build again; it runs in a clean copy, without the app's config",
  });
}

const installs: Readonly<Record<string, string>> = {
  npm: "it comes with Node",
  pnpm: "`npm install -g pnpm`, or `corepack enable pnpm`",
  yarn: "`npm install -g yarn`, or `corepack enable yarn`",
  uv: "`pip install uv`, or https://docs.astral.sh/uv",
  poetry: "`pipx install poetry`",
  bundle: "`gem install bundler`",
};

export function toolMissing(tool: string, why = "the codebase's lock file belongs to it, and it is not in PATH"): Problem {
  return new Problem({
    code: "build-tool-missing",
    what: `\`${tool}\` is not installed`,
    why,
    fix: `install it: ${installs[tool] ?? "see its own documentation"}`,
  });
}

export function undetectable(names: ReadonlySet<string>): Problem {
  const seen = [...names]
    .filter((name) => !name.startsWith("."))
    .sort()
    .slice(0, 8);
  return new Problem({
    code: "build-undetectable",
    what: "what language the codebase is in cannot be told",
    why: `looked for Gemfile, package.json, requirements.txt, pyproject.toml, go.mod and index.html; found ${seen.join(", ") || "nothing"}`,
    fix: "say how it is built in douze.yaml, `build: { language: none, command: … }`; or add a Procfile or `processes:` if there is nothing to build",
  });
}

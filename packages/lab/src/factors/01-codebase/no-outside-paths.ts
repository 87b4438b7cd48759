import { readlink, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly files: number;
  readonly root: string;
  readonly outside: readonly { readonly file: string; readonly line: number; readonly target: string }[];
}

/** How each kind of manifest names a folder; the first group is the path, relative to the file. */
const namings: readonly (readonly [RegExp, RegExp])[] = [
  [/(^|\/)package\.json$/, /"(?:file|link|portal):([^"]+)"/g],
  [/(^|\/)requirements[^/]*\.txt$/, /^\s*(?:-e\s+|--editable[= ])?(?:file:)?(\.\.?\/[^\s#;]*)/gm],
  [/(^|\/)pyproject\.toml$/, /\bpath\s*=\s*["']([^"']+)["']/g],
  [/(^|\/)go\.mod$/, /=>\s*(\.\.?\/\S+)/g],
  [/(^|\/)Cargo\.toml$/, /\bpath\s*=\s*"([^"]+)"/g],
  [/(^|\/)Gemfile$/, /\bpath:\s*["']([^"']+)["']/g],
  [/(^|\/)settings\.gradle(\.kts)?$/, /includeBuild\(?\s*["']([^"']+)["']/g],
];

export const noOutsidePaths: Check<Evidence> = {
  name: "no-outside-paths",
  factor: "codebase",
  claim: "no source comes from outside of the repository",
  kind: "static",
  profile: "static",
  core: false,
  severity: "error",
  norm: "“A codebase is any single repo”",
  method: [
    "Dependencies by path, in the manifests of npm, pip, uv, Go, Cargo, Bundler and Gradle, and links that are tracked, are followed.",
    "One that leads out of the repository is named.",
  ],
  guards: [
    "The repository's top folder counts, and not the app's: a workspace is no other codebase.",
    "The manifests' own fields are read, and no other text.",
  ],
  needs: [],

  async observe({ codebase }) {
    const { directory, repository, files } = codebase;
    const root = await realpath(repository ?? directory);
    const own = await realpath(directory);
    const outside: Evidence["outside"][number][] = [];
    const isOutside = (path: string): boolean => path !== root && !path.startsWith(`${root}/`);
    for (const file of files) {
      const naming = namings.find(([name]) => name.test(file))?.[1];
      const text = naming && (await codebase.text(file));
      if (naming && text) {
        for (const match of text.matchAll(naming)) {
          const [, path = ""] = match;
          const target = resolve(own, dirname(file), path);
          if (isOutside(target)) outside.push({ file, line: text.slice(0, match.index).split("\n").length, target: path });
        }
      }
      const link = await readlink(join(own, file)).catch(() => undefined);
      if (link !== undefined && isOutside(resolve(own, dirname(file), link))) outside.push({ file, line: 1, target: link });
    }
    return { files: files.length, root, outside };
  },

  judge({ files, outside }) {
    const findings = outside.map(({ file, line, target }) => ({
      subject: `${file}: ${target}`,
      severity: "error" as const,
      what: `${file} takes ${target}, which lies outside of the repository`,
      where: { file, line },
      control: "the path was followed from the file that names it",
      fix: { text: "publish it as a package, or move it into the repository" },
    }));
    return failOr(findings, "exact", pass("nothing leads out of the repository", `${files} tracked files were looked at`));
  },
};

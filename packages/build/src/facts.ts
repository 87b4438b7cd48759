/** What detection looks at: names at the top of the codebase, and the text of some. Pure data, so that plans can be tested. */
export interface Facts {
  /** Names in the top folder. */
  readonly names: ReadonlySet<string>;
  /** Text of the files that detection reads, where they exist. */
  readonly texts: Readonly<Record<string, string>>;
}

/** All that detection reads. */
export const readNames: readonly string[] = [
  "package.json",
  ".nvmrc",
  ".node-version",
  ".tool-versions",
  ".python-version",
  "runtime.txt",
  "pyproject.toml",
  "requirements.txt",
  "go.mod",
  "Gemfile",
  "Gemfile.lock",
  ".ruby-version",
  "douze.yaml",
  "Procfile",
  "app.json",
  ".env.example",
];

/** `nodejs 22.1.0` in a .tool-versions file. */
export function toolVersion(facts: Facts, ...tools: readonly string[]): string | undefined {
  const lines = facts.texts[".tool-versions"]?.split("\n") ?? [];
  return lines.map((line) => line.trim().split(/\s+/)).find(([tool]) => tool !== undefined && tools.includes(tool))?.[1];
}

/** First line that is no comment. */
export function firstLine(text: string | undefined): string | undefined {
  return text
    ?.split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
}

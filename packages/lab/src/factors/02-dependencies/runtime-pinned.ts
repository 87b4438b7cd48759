import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly languages: readonly {
    readonly language: string;
    readonly pins: readonly { readonly file: string; readonly version: string }[];
  }[];
}

const sources: readonly {
  readonly language: string;
  readonly present: RegExp;
  /** Whether a file in any folder tells of the language, where the top tells of no other. Default: at the top alone. */
  readonly anywhere?: true;
  readonly pins: readonly (readonly [file: RegExp, version: RegExp])[];
}[] = [
  {
    language: "Node",
    present: /^package\.json$/,
    pins: [
      [/^\.(nvmrc|node-version)$/, /^\s*v?(\d[\w.]*|lts\/\w+)/m],
      [/^package\.json$/, /"engines"\s*:\s*\{[^}]*"node"\s*:\s*"([^"]+)"/],
      [/^\.tool-versions$/, /^nodejs\s+(\S+)/m],
      [/(^|\/)Dockerfile$/, /^FROM\s+(?:\S+\/)?node:(\d[\w.]*)/m],
    ],
  },
  {
    language: "Python",
    present: /^(requirements\.txt|pyproject\.toml|Pipfile)$/,
    pins: [
      [/^\.python-version$/, /^\s*(\d[\w.]*)/m],
      [/^runtime\.txt$/, /python-(\d[\w.]*)/],
      [/^pyproject\.toml$/, /^\s*(?:requires-python|python)\s*=\s*["']([^"']+)["']/m],
      [/^\.tool-versions$/, /^python\s+(\S+)/m],
      [/(^|\/)Dockerfile$/, /^FROM\s+(?:\S+\/)?python:(\d[\w.]*)/m],
    ],
  },
  {
    language: "Ruby",
    present: /^Gemfile$/,
    pins: [
      [/^\.ruby-version$/, /^\s*(?:ruby-)?(\d[\w.]*)/m],
      [/^Gemfile$/, /^\s*ruby\s+["']([^"']+)["']/m],
      [/^Gemfile\.lock$/, /^RUBY VERSION\s+ruby (\d[\w.]*)/m],
      [/^\.tool-versions$/, /^ruby\s+(\S+)/m],
    ],
  },
  { language: "Go", present: /^go\.mod$/, pins: [[/^go\.mod$/, /^go\s+(\d[\w.]*)/m]] },
  {
    language: "Java",
    present: /^(pom\.xml|build\.gradle(\.kts)?)$|\.java$/,
    // Without a build tool its sources lie in folders of their packages.
    anywhere: true,
    pins: [
      [/^system\.properties$/, /^java\.runtime\.version\s*=\s*(\S+)/m],
      [/^\.java-version$/, /^\s*(\d[\w.]*)/m],
      [/^\.sdkmanrc$/, /^java\s*=\s*(\S+)/m],
      [/^\.tool-versions$/, /^java\s+(\S+)/m],
      [/^pom\.xml$/, /<(?:maven\.compiler\.release|java\.version|release)>\s*([^<\s]+)/],
      [/^build\.gradle(\.kts)?$/, /languageVersion[^\d]*(\d+)/],
      [/(^|\/)Dockerfile$/, /^FROM\s+\S*(?:temurin|openjdk|corretto|java)\S*?:(\d[\w.]*)/m],
    ],
  },
];

export const runtimePinned: Check<Evidence> = {
  name: "runtime-pinned",
  factor: "dependencies",
  claim: "the language's version is declared",
  kind: "static",
  profile: "static",
  core: false,
  severity: "warning",
  norm: "“declares all dependencies, completely and exactly”",
  method: [
    "For each language of the app the files are read that declare its version.",
    "None is a finding; two that name different exact major versions are one as well.",
  ],
  guards: ["A range such as `>=22` declares it.", "Ranges are not held against exact versions: only numbers that cannot both be true are."],
  needs: [],

  async observe({ codebase }) {
    const top = codebase.files.filter((path) => !path.includes("/"));
    const languages: Evidence["languages"][number][] = [];
    for (const { language, present, anywhere, pins } of sources) {
      // In an app of another language they are examples, tests, or what it works on.
      const told = anywhere && languages.length === 0 ? codebase.files : top;
      if (!told.some((path) => present.test(path))) continue;
      const found: { file: string; version: string }[] = [];
      for (const [name, pattern] of pins) {
        for (const file of top.filter((path) => name.test(path))) {
          const version = pattern.exec((await codebase.text(file)) ?? "")?.[1];
          if (version !== undefined) found.push({ file, version });
        }
      }
      languages.push({ language, pins: found });
    }
    return { languages };
  },

  judge({ languages }) {
    if (languages.length === 0) return inapplicable("no language that is known here was found");
    const control = "the files were read that its tools read";
    const findings = languages.flatMap(({ language, pins }) => {
      if (pins.length === 0) {
        return [
          {
            subject: language,
            severity: "warning" as const,
            what: `nothing declares which ${language} the app needs`,
            control,
            fix: { text: `declare it where ${language}'s own tools read it, such as \`engines\` in package.json or .python-version` },
          },
        ];
      }
      const exact = pins.flatMap(({ file, version }) =>
        /^\d+(\.\d+)*$/.test(version)
          ? [{ file, major: language === "Python" || language === "Go" ? version.split(".").slice(0, 2).join(".") : version.split(".")[0] }]
          : [],
      );
      const majors = new Set(exact.map(({ major }) => major));
      if (majors.size < 2) return [];
      return [
        {
          subject: language,
          severity: "warning" as const,
          what: `${exact.map(({ file, major }) => `${file} says ${language} ${major}`).join(", ")}`,
          control,
          fix: { text: "let all of them name the same" },
        },
      ];
    });
    const told = languages.flatMap(({ language, pins }) => pins.map(({ file, version }) => `${language} ${version} (${file})`)).join(", ");
    return failOr(findings, "inferred", pass(`declared: ${told}`, "every file was read that may declare it"));
  },
};

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
  /** `floor`: what is named runs on all that is newer as well. */
  readonly pins: readonly (readonly [file: RegExp, version: RegExp, kind?: "floor"])[];
  /** Where it is declared most often. */
  readonly usual: string;
}[] = [
  {
    language: "Node",
    usual: "`engines` in package.json",
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
    usual: ".python-version",
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
    usual: ".ruby-version",
    present: /^Gemfile$/,
    pins: [
      [/^\.ruby-version$/, /^\s*(?:ruby-)?(\d[\w.]*)/m],
      [/^Gemfile$/, /^\s*ruby\s+["']([^"']+)["']/m],
      [/^Gemfile\.lock$/, /^RUBY VERSION\s+ruby (\d[\w.]*)/m],
      [/^\.tool-versions$/, /^ruby\s+(\S+)/m],
    ],
  },
  { language: "Go", usual: "`go` in go.mod", present: /^go\.mod$/, pins: [[/^go\.mod$/, /^go\s+(\d[\w.]*)/m]] },
  {
    language: "Java",
    usual: "`maven.compiler.release` in pom.xml, or .java-version",
    present: /^(pom\.xml|build\.gradle(\.kts)?)$|\.java$/,
    // Without a build tool its sources lie in folders of their packages.
    anywhere: true,
    pins: [
      [/^system\.properties$/, /^java\.runtime\.version\s*=\s*(\S+)/m],
      [/^\.java-version$/, /^\s*(\d[\w.]*)/m],
      [/^\.sdkmanrc$/, /^java\s*=\s*(\S+)/m],
      [/^\.tool-versions$/, /^java\s+(\S+)/m],
      [/^pom\.xml$/, /<(?:maven\.compiler\.(?:release|source|target)|java\.version|release|source|target)>\s*(\d[^<\s]*)/, "floor"],
      [/^build\.gradle(\.kts)?$/, /(?:languageVersion|(?:source|target)Compatibility|VERSION_)\D*(\d[\d._]*)/, "floor"],
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
  guards: [
    "A range such as `>=22` declares it.",
    "What a compiler of Java is told to make runs on all that is newer, and is such a range.",
    "Ranges are not held against exact versions: only numbers that cannot both be true are.",
  ],
  needs: [],

  async observe({ codebase }) {
    const top = codebase.files.filter((path) => !path.includes("/"));
    const languages: Evidence["languages"][number][] = [];
    for (const { language, present, anywhere, pins } of sources) {
      // In an app of another language they are examples, tests, or what it works on.
      const told = anywhere && languages.length === 0 ? codebase.files : top;
      if (!told.some((path) => present.test(path))) continue;
      const found: { file: string; version: string }[] = [];
      for (const pin of pins)
        for (const file of top.filter((path) => pin[0].test(path))) {
          const version = versionIn((await codebase.text(file)) ?? "", pin);
          if (version !== undefined) found.push({ file, version });
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
            fix: { text: `declare it where ${language}'s own tools read it: ${sources.find((each) => each.language === language)?.usual}` },
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

/** The version that a file declares. Java 8 and older are named in two ways, as in 1.8. */
function versionIn(text: string, [, pattern, kind]: (typeof sources)[number]["pins"][number]): string | undefined {
  const version = pattern.exec(text)?.[1]?.replace(/^1[._](?=[5-8]\b)/, "");
  return version === undefined ? undefined : `${kind === "floor" ? ">=" : ""}${version}`;
}

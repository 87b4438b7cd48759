import { existsSync } from "node:fs";
import { join } from "node:path";
import { answers, lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hidden: readonly string[];
  readonly types: readonly { readonly type: string; readonly well: boolean; readonly lines: readonly string[] }[];
}

const managers = [
  ...["npm", "npx", "yarn", "yarnpkg", "pnpm", "corepack", "pip", "pip3", "uv", "poetry", "pipenv", "bundle", "bundler", "gem", "rake"],
  ...["go", "gofmt", "javac", "mvn", "gradle", "ant", "gcc", "g++", "cc", "c++", "make", "cmake", "cargo", "rustc", "git", "curl", "wget"],
];
const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** Ruby's own launcher is its runtime: `bundle exec` is the isolation that the manifesto asks for. */
const launchers: Readonly<Record<string, readonly string[]>> = { ruby: ["bundle", "bundler", "gem", "rake"] };

export const stagesSeparable: Check<Evidence> = {
  name: "stages-separable",
  factor: "build-release-run",
  claim: "a build runs where nothing can be built",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“strict separation between the build, release, and run stages”",
  method: [
    "The build is made without any config. Its tree, and nothing else of the codebase, is put to /app of another place: without a network, package managers, compilers or git.",
    "Each process type is started there and must come up as it did undisturbed.",
  ],
  guards: [
    "The tools are taken away as if they had never been installed; the runtime stays.",
    "`bundle exec` is Ruby's launcher, and stays for Ruby apps.",
    "The control is the undisturbed start, with the tools.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const kept = new Set(launchers[lab.build.language] ?? []);
    const hidden = [...folders, ...lab.build.runtimes]
      .flatMap((folder) => managers.filter((name) => !kept.has(name)).map((name) => join(folder, name)))
      .filter((file) => existsSync(file));
    const types: Evidence["types"][number][] = [];
    for (const { type } of lab.subject.processes) {
      const other = lab.baseline.others.find((each) => each.type === type);
      if (type !== web?.type && !other?.stayed) continue;
      lab.tell(`starts ${type} where nothing can be built`);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { hidden });
      const well =
        web && type === web.type
          ? (await answers(lab, sandbox, started, web)) !== undefined
          : !(await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness));
      types.push({ type, well, lines: lastLines(started) });
    }
    return { hidden, types };
  },

  judge({ hidden, types }) {
    const findings = types.flatMap(({ type, well, lines }) =>
      well
        ? []
        : [
            {
              subject: type,
              severity: "error" as const,
              what: `${type} does not come up from its build alone, where there are no package managers, compilers and network`,
              details: lines,
              control: "with those tools it came up from the same build",
              fix: { text: "have the build make all that a start needs, and start the program itself" },
            },
          ],
    );
    return failOr(
      findings,
      "proven",
      pass(
        `${types.map(({ type }) => type).join(", ")} came up from the build alone`,
        `${hidden.length} tools were taken away, and the network`,
      ),
    );
  },
};

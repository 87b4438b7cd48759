import { answers } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly types: readonly {
    readonly type: string;
    readonly programs: number;
    readonly tools: readonly { readonly tool: string; readonly command: string }[];
  }[];
}

/** Programs that build, by what they are run as. */
const tools: readonly (readonly [RegExp, string])[] = [
  [/\bnpm(-cli\.js)? (ci|install|i|run build)\b/, "npm"],
  [/\b(yarn|pnpm)(\.c?js)? (install|add|build|run build)\b/, "yarn or pnpm"],
  [/\bpip3?\b.* install\b|-m pip install\b/, "pip"],
  [/\buv (sync|pip)\b/, "uv"],
  [/\bpoetry install\b/, "poetry"],
  [/\bbundle(r)? install\b|\bgem install\b/, "bundler"],
  [/\bassets:precompile\b/, "assets:precompile"],
  [/(^|\/)tsc( |$)|\/typescript\/bin\/tsc/, "tsc"],
  [/(^|\/)(webpack|esbuild|rollup|vite|parcel)( build| |$)|\/(webpack|esbuild|rollup|vite)\/bin\//, "a bundler"],
  [/(^|\/)go (build|run|install)\b/, "go"],
  [/(^|\/)javac( |$)/, "javac"],
  [/(^|\/)(mvn|gradle|gradlew|ant)( |$)/, "a build tool of Java"],
  [/(^|\/)(gcc|g\+\+|cc|cc1|rustc|cargo build|make)( |$)/, "a compiler"],
];

export const noBuildAtRun: Check<Evidence> = {
  name: "no-build-at-run",
  factor: "build-release-run",
  claim: "nothing is built when the app is started",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“strict separation between the build, release, and run stages”",
  method: [
    "Each process type is started, without a network, and every program that it runs is written down by strace.",
    "Package managers that install, compilers and bundlers among them are named.",
  ],
  guards: ["Caches of bytecode and of just-in-time compilers are no build.", "A package manager that only launches a script is no build."],
  needs: ["sandbox", "trace"],
  repeats: 2,

  async observe(lab) {
    const types: Evidence["types"][number][] = [];
    const { web } = lab.baseline;
    for (const { type, declared } of lab.subject.processes) {
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { traced: true, command: declared });
      if (web && type === web.type) await answers(lab, sandbox, started, web);
      else await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness);
      const { execs } = await started.process.trace();
      const found = execs.flatMap(({ program, arguments: args }) => {
        // The first argument is the program's own name.
        const command = [program, ...args.slice(1)].join(" ");
        const tool = tools.find(([pattern]) => pattern.test(command))?.[1];
        return tool === undefined ? [] : [{ tool, command: command.slice(0, 120) }];
      });
      types.push({ type, programs: execs.length, tools: found });
    }
    return { types };
  },

  judge({ types }) {
    const findings = types.flatMap(({ type, tools: found }) =>
      [...new Map(found.map((each) => [each.tool, each])).values()].map(({ tool, command }) => ({
        subject: `${type}: ${tool}`,
        severity: "error" as const,
        what: `the start of ${type} runs ${tool}: \`${command}\``,
        control: "strace saw it between the start and the first answer",
        fix: { text: "do it in the build: `build:` in the manifest takes a command" },
      })),
    );
    const programs = types.reduce((sum, each) => sum + each.programs, 0);
    return failOr(
      findings,
      "proven",
      pass(
        "no start runs anything that builds",
        `strace saw ${programs} programs in the starts of ${types.map(({ type }) => type).join(", ")}`,
      ),
    );
  },
};

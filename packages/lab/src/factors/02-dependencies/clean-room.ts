import { homedir } from "node:os";
import { answers, lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly type: string;
  readonly up: boolean;
  readonly lines: readonly string[];
  readonly hidden: string;
}

export const cleanRoom: Check<Evidence> = {
  name: "clean-room",
  factor: "dependencies",
  claim: "the runtime and the package manager are all that the app needs on a machine",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“requiring only the language runtime and dependency manager installed as prerequisites”",
  method: [
    "The app is built with an empty home and nothing of the user's settings, and started where no home, no cache and no globally installed module of the user is seen, with a PATH of the runtime and the system's folders.",
    "NODE_PATH, GEM_HOME, PYTHONPATH and their like are those of the build alone.",
  ],
  guards: ["What is looked for is what comes up elsewhere and not here: an app that never comes up is unknown."],
  limits: "Packages that the system itself has, such as Debian's, are seen: `system-tools` tells of those that are run.",
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const type = web?.type ?? lab.subject.processes[0]?.type ?? "web";
    await using sandbox = await lab.sandbox();
    const globals = ["/usr/local/lib/node_modules", "/usr/lib/node_modules", "/usr/local/lib/python3/dist-packages"];
    await using started = await sandbox.start(type, { hidden: globals, env: { NODE_PATH: undefined, GEM_PATH: undefined } });
    const up = web
      ? (await answers(lab, sandbox, started, web)) !== undefined
      : !(await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness));
    return { type, up, lines: lastLines(started), hidden: [homedir(), ...globals].join(", ") };
  },

  judge({ type, up, lines, hidden }) {
    const missing = lines.find((line) => /cannot find|no module named|not found|LoadError|No such file/i.test(line));
    const findings = up
      ? []
      : [
          {
            subject: type,
            severity: "error" as const,
            what: `${type} does not come up where only the runtime and its own dependencies are${missing ? `: ${missing.trim()}` : ""}`,
            details: lines,
            control: "where globally installed modules were seen it came up",
            fix: { text: "declare what is missing in the manifest of the package manager, and lock it" },
          },
        ];
    return failOr(findings, "proven", pass(`${type} came up with its declared dependencies alone`, `not seen were ${hidden}`));
  },
};

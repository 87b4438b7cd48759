import { basename } from "node:path";
import { writeNote } from "../../discover/roundtrip.ts";
import { answers } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { WebBaseline } from "../../model/baseline.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, pass } from "../../model/verdict.ts";
import type { Sandbox, Started } from "../../sandbox/sandbox.ts";
import type { Exec } from "../../sandbox/trace.ts";
import { notesWay } from "../06-processes/notes.ts";

interface Evidence {
  readonly programs: number;
  readonly tools: readonly { readonly program: string; readonly command: string; readonly type: string; readonly breaks?: string }[];
}

/** What every Unix has, and what the lab and a shell's start bring along. */
const usual = new Set([
  "sh",
  "dash",
  "bash",
  "env",
  "setsid",
  "strace",
  "exec",
  "true",
  "false",
  "test",
  "echo",
  "cat",
  "sleep",
  "dirname",
  "realpath",
  "readlink",
  "basename",
  "uname",
  "ldconfig",
  "ldconfig.real",
]);

export const systemTools: Check<Evidence> = {
  name: "system-tools",
  factor: "dependencies",
  claim: "the app runs no program of the system that it does not declare",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“do not rely on the implicit existence of any system tools”",
  method: [
    "Each process type is started and used, and every program that is run is written down by strace.",
    "What lies outside of the build and of the runtime, and is no part of every Unix, is taken away, one at a time: as if it had never been installed.",
    "If the start or a page that answered well then fails, it is an error; if nothing changes, a note.",
  ],
  guards: [
    "The runtime, the shell and POSIX's small programs are declared by their nature.",
    "A program that is missing is missing, and not forbidden: `/dev/null` in its place would say something else.",
  ],
  needs: ["sandbox", "trace"],
  repeats: 1,

  async observe(lab) {
    const tools: Evidence["tools"][number][] = [];
    let programs = 0;
    for (const { type } of lab.subject.processes) {
      const { execs } = await use(lab, type, {});
      programs += execs.length;
      const seen = lab.build.seen;
      const outside = execs.filter(
        ({ program }) =>
          program.startsWith("/") &&
          !program.startsWith("/app/") &&
          !seen.some((folder) => program.startsWith(`${folder}/`)) &&
          !lab.build.runtimes.some((folder) => program.startsWith(`${folder}/`)) &&
          !usual.has(basename(program)),
      );
      for (const { program, arguments: args } of new Map(outside.map((each) => [each.program, each])).values()) {
        // The program that the command itself names is the app's own choice of runtime.
        const declared = lab.subject.processes.find((each) => each.type === type)?.command ?? "";
        if (declared.includes(basename(program)) || /^(python|ruby|node|java|perl|php)[\d.]*$/.test(basename(program))) continue;
        lab.tell(`takes ${program} away`);
        const without = await use(lab, type, { hidden: [program] });
        tools.push({
          program,
          command: args.join(" ").slice(0, 100),
          type,
          ...(without.broken !== undefined && { breaks: without.broken }),
        });
      }
    }
    return { programs, tools };
  },

  judge({ programs, tools }) {
    const findings = tools.map(
      ({ program, command, type, breaks }): Finding => ({
        subject: basename(program),
        severity: breaks === undefined ? "note" : "error",
        what:
          breaks === undefined
            ? `${type} runs ${program} (\`${command}\`), and does without where it is missing`
            : `${type} runs ${program} (\`${command}\`): without it ${breaks}`,
        control: "with it, and all else alike, it did well",
        fix: {
          text: `use a library in place of ${basename(program)}, bring it along in the build, or declare it where the machine is described`,
        },
      }),
    );
    return failOr(findings, "proven", pass("it runs no undeclared program of the system", `strace saw ${programs} programs run`));
  },
};

async function use(
  lab: Lab,
  type: string,
  options: { readonly hidden?: readonly string[] },
): Promise<{ execs: readonly Exec[]; broken?: string }> {
  const { web } = lab.baseline;
  const traced = options.hidden === undefined;
  await using sandbox = await lab.sandbox();
  await using started = await sandbox.start(type, { traced, ...options });
  const broken = web && type === web.type ? await brokenWeb(lab, sandbox, started, web) : await brokenOther(lab, started, type);
  const { execs } = traced ? await started.process.trace() : { execs: [] };
  return { execs, ...(broken !== undefined && { broken }) };
}

async function brokenWeb(lab: Lab, sandbox: Sandbox, started: Started, web: WebBaseline): Promise<string | undefined> {
  if (!(await answers(lab, sandbox, started, web))) return "it does not come up";
  for (const { path, status } of web.pages) {
    const answer = await sandbox.ask({ port: started.port, path });
    if (!answer.ok || answer.status !== status) return `GET ${path} answers ${answer.ok ? answer.status : answer.error} and not ${status}`;
  }
  const way = notesWay(lab);
  if ("none" in way) return undefined;
  const written = await writeNote(sandbox.ask.bind(sandbox), started.port, way.roundtrip.way, `douze${lab.chance.hex(12)}`);
  return typeof written === "string" ? written : undefined;
}

async function brokenOther(lab: Lab, { process }: Started, type: string): Promise<string | undefined> {
  const ended = await process.until(() => process.end !== undefined, 1_500 * lab.slowness);
  return ended && lab.baseline.others.some((other) => other.type === type && other.stayed) ? "it does not come up" : undefined;
}

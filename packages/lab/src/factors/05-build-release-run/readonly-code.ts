import { writeNote } from "../../discover/roundtrip.ts";
import { answers, lastLines } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { WebBaseline } from "../../model/baseline.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, pass } from "../../model/verdict.ts";
import { tellingLine } from "../../plan/telling-line.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { notesWay } from "../06-processes/notes.ts";

interface Broken {
  readonly path: string;
  readonly was: number;
  readonly is: number | string;
}

interface Evidence {
  readonly types: readonly {
    readonly type: string;
    readonly up: boolean;
    readonly broken: readonly Broken[];
    readonly lines: readonly string[];
    /** What it said of a file that cannot be written, or else of its end. */
    readonly said?: string;
  }[];
  readonly pages: number;
}

export const readonlyCode: Check<Evidence> = {
  name: "readonly-code",
  factor: "build-release-run",
  claim: "the app runs where its own code cannot be written to",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“it is impossible to make changes to the code at runtime”",
  method: [
    "/app is mounted read-only; /tmp and the home can be written to.",
    "Each process type is started, and every page is asked that answered well undisturbed.",
  ],
  guards: ["Python is told not to write bytecode: a cache is no change of the code.", "Only what worked before is asked."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const types: Evidence["types"][number][] = [];
    for (const { type } of lab.subject.processes) {
      const isWeb = type === web?.type;
      if (!isWeb && !lab.baseline.others.some((each) => each.type === type && each.stayed)) continue;
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { readonly: true, env: { PYTHONDONTWRITEBYTECODE: "1" } });
      const up =
        isWeb && web
          ? (await answers(lab, sandbox, started, web)) !== undefined
          : !(await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness));
      const broken = up && isWeb && web ? await brokenParts(lab, sandbox, started.port, web) : [];
      const all = started.process.lines.map(({ text }) => text);
      const said = all.findLast((line) => /read-only|EROFS|Errno 30/i.test(line)) ?? (up ? undefined : tellingLine(all));
      types.push({ type, up, broken, lines: lastLines(started), ...(said !== undefined && { said: said.trim() }) });
    }
    return { types, pages: web?.pages.length ?? 0 };
  },

  judge({ types, pages }) {
    const fix = { text: "write to /tmp what lasts for one request, and to a backing service what lasts longer" };
    const control = "where /app could be written to, it worked";
    const findings = types.flatMap(({ type, up, broken, lines, said }): Finding[] => {
      if (!up)
        return [
          {
            subject: type,
            severity: "warning",
            what: `${type} does not come up where its code is read-only${said ? `: ${said.slice(0, 200)}` : ""}`,
            details: lines,
            control,
            fix,
          },
        ];
      return broken.map(({ path, was, is }) => ({
        subject: path,
        severity: "warning",
        what: `${path} answers ${is} where the code is read-only, and ${was} elsewhere${said ? ` (${said.slice(0, 160)})` : ""}`,
        control,
        fix,
      }));
    });
    return failOr(
      findings,
      "proven",
      pass("it runs with its code read-only", `${types.map(({ type }) => type).join(", ")} were started so, and ${pages} pages asked`),
    );
  },
};

/** Pages that answer otherwise than undisturbed, and whether something can still be written. */
async function brokenParts(lab: Lab, sandbox: Sandbox, port: number, web: WebBaseline): Promise<Broken[]> {
  const broken: Broken[] = [];
  for (const { path, status } of web.pages) {
    const answer = await sandbox.ask({ port, path });
    const is = answer.ok ? answer.status : answer.error;
    if (is !== status) broken.push({ path, was: status, is });
  }
  const way = notesWay(lab);
  if ("none" in way) return broken;
  const written = await writeNote(sandbox.ask.bind(sandbox), port, way.roundtrip.way, `douze${lab.chance.hex(12)}`);
  return typeof written === "string" ? [...broken, { path: way.roundtrip.from, was: 200, is: written }] : broken;
}

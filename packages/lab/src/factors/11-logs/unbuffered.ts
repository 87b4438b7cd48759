import { writeNote } from "../../discover/roundtrip.ts";
import { pause, startWeb } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { Line } from "../../sandbox/running.ts";
import type { StartOptions } from "../../sandbox/sandbox.ts";
import { notesWay } from "../06-processes/notes.ts";

/** What was seen of one process type, with its output to a pipe and to a terminal. */
interface Seen {
  readonly type: string;
  /** How many lines had come while it was alive: in a pipe, and at a terminal. */
  readonly early: number;
  readonly atTerminal: number;
  /** Lines that came in the pipe only when it was told to end, and at once at the terminal. */
  readonly late: readonly string[];
  /** Lines that came at once in a pipe as soon as the runtime's own buffer was switched off, and not before. */
  readonly switched: readonly string[];
}

interface Evidence {
  readonly types: readonly Seen[];
  readonly language: string;
}

/** A line that takes longer than this after what caused it is late, in milliseconds. */
const lagMs = 1_500;

export const unbuffered: Check<Evidence> = {
  name: "unbuffered",
  factor: "logs",
  claim: "lines leave the app when they are written",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“each running process writes its event stream, unbuffered, to stdout”",
  method: [
    "Each process type runs with its output in a pipe, as on every platform; a web process gets requests, and something to write where that is known.",
    "It is left in peace for a while, and then told to end. Lines that come only then had been held back.",
    "The same runs once more with a terminal for its output. Lines that come at once there, and late in the pipe, were held back.",
    "Where lines never come in the pipe, it runs a third time with the runtime's own switch against buffers, where there is one.",
  ],
  guards: [
    "The environment is made from nothing: a PYTHONUNBUFFERED of the machine would hide the fault.",
    "Lines about the end itself are late by their nature: only lines that a terminal showed before are counted.",
    "Programs write otherwise at a terminal, with colours or banners: that a line is missing in the pipe proves nothing by itself.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const types: Seen[] = [];
    for (const { type, command } of lab.subject.processes) {
      lab.tell(`reads what ${type} says`);
      const pipe = await listen(lab, type, {});
      const terminal = await listen(lab, type, { terminal: true });
      if (!pipe || !terminal) continue;
      const early = new Set(pipe.early.map(kind));
      const shown = new Set(terminal.early.map(kind));
      const late = pipe.late.filter((line) => shown.has(kind(line)) && !early.has(kind(line)));
      // What ends by a signal takes its buffer along: only the runtime's own switch shows then that there was one.
      const env = switches[lab.build.language] ?? (runsPython.test(command) ? switches["python"] : undefined);
      const isLost = late.length === 0 && env !== undefined && terminal.early.length > pipe.early.length;
      const without = isLost ? await listen(lab, type, { env }) : undefined;
      const switched = without?.early.filter((line) => !early.has(kind(line))) ?? [];
      types.push({ type, early: pipe.early.length, atTerminal: terminal.early.length, late: texts(late), switched: texts(switched) });
    }
    const isPython = lab.subject.processes.some(({ command }) => runsPython.test(command));
    return { types, language: isPython ? "python" : lab.build.language };
  },

  judge({ types, language }) {
    if (types.every(({ early, atTerminal }) => early + atTerminal === 0))
      return inapplicable("the app says nothing, neither to a pipe nor to a terminal");
    const findings = types.flatMap(({ type, early, late, switched }): Finding[] => {
      const [example] = [...late, ...switched];
      if (example === undefined) return [];
      const how = late.length > 0 ? `${late.length} lines came only when it was told to end` : `${switched.length} lines never came`;
      return [
        {
          subject: type,
          severity: "error",
          what: `${type} holds its lines back in a pipe: ${lagMs / 1000} s after the requests ${early} had come, and ${how}`,
          details: [`one of them: ${example}`],
          control:
            late.length > 0
              ? "at a terminal the same lines came at once"
              : "in the same pipe they came at once when the runtime's buffer was switched off",
          fix: fixes[language] ?? { text: "flush each line as it is written, or start it behind `stdbuf -oL`" },
        },
      ];
    });
    const silent = types.find(({ early, atTerminal }) => early === 0 && atTerminal > 0);
    if (findings.length === 0 && silent)
      return unknown(
        "no-power",
        `${silent.type} says something at a terminal and nothing in a pipe`,
        "let it log in a pipe too: that is what a platform gives it",
      );
    return failOr(
      findings,
      "proven",
      pass("every line came when it was written", types.map(({ type, early }) => `${type}: ${early} lines in a pipe`).join(", ")),
    );
  },
};

/** By which a runtime is told not to hold anything back. */
const switches: Readonly<Record<string, Readonly<Record<string, string>>>> = { python: { PYTHONUNBUFFERED: "1" } };

/** A program in Python needs no manifest of a package manager: the build knows no language then. */
const runsPython = /(^|[\s/])python[\d.]*\s/;

function texts(lines: readonly Line[]): readonly string[] {
  return lines.slice(0, 5).map(({ text }) => text.slice(0, 160));
}

const fixes: Readonly<Record<string, Finding["fix"] & {}>> = {
  python: {
    text: "set PYTHONUNBUFFERED=1 in the config, or start it with `python -u`",
    change: { says: "PYTHONUNBUFFERED=1", env: { PYTHONUNBUFFERED: "1" } },
  },
  ruby: { text: "`$stdout.sync = true` at the start" },
};

/** Where the line stands for others of its kind: numbers and identifiers differ from run to run. */
function kind({ text }: Line): string {
  return text
    .replace(/\x1b\[[0-9;]*m/g, "")
    .replace(/[0-9a-f]{6,}/gi, "#")
    .replace(/\d+/g, "#")
    .replace(/(douze#?)\S*/g, "douze")
    .slice(0, 80);
}

async function listen(
  lab: Lab,
  type: string,
  options: StartOptions,
): Promise<{ early: readonly Line[]; late: readonly Line[] } | undefined> {
  const { web } = lab.baseline;
  await using sandbox = await lab.sandbox();
  const isWeb = type === web?.type;
  if (!isWeb && !lab.baseline.others.some((each) => each.type === type && each.stayed)) return undefined;
  await using started = isWeb && web ? await startWeb(lab, sandbox, web, options) : await sandbox.start(type, options);
  const { process, port } = started;
  if (isWeb && web) {
    for (let count = 0; count < 3; count++) await sandbox.ask({ port, path: web.pages[0]?.path ?? "/" });
    await sandbox.ask({ port, path: "/douze-is-not-there" });
    // What an app says itself it often says of what is written: its server's own lines may not be buffered where its own are.
    const way = notesWay(lab);
    if (!("none" in way)) await writeNote(sandbox.ask.bind(sandbox), port, way.roundtrip.way, `douze${lab.chance.hex(12)}`);
  } else await process.until(() => process.end !== undefined, 1_500 * lab.slowness);
  await pause(lagMs);
  const early = [...process.lines];
  process.signal("group", "SIGTERM");
  await process.gone(8_000 * lab.slowness);
  await pause(50);
  return { early, late: process.lines.slice(early.length) };
}

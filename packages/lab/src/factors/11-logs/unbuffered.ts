import { pause, startWeb } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass } from "../../model/verdict.ts";
import type { Line } from "../../sandbox/running.ts";

/** What was seen of one process type, with its output to a pipe and to a terminal. */
interface Seen {
  readonly type: string;
  /** Lines that had arrived while it was alive and idle, by stream. */
  readonly early: number;
  /** Lines that came only when it was told to end, or ended. */
  readonly late: readonly string[];
  /** Of the late lines' kind, how many came at once at a terminal. */
  readonly atTerminal: number;
  readonly example?: string;
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
    "Each process type runs with its output in a pipe, as on every platform; a web process gets requests.",
    "It is left in peace for a while, and then told to end. Lines that come only then had been held back.",
    "The same runs once more with a terminal for its output. Lines that come at once there, and late or never in the pipe, are buffered.",
  ],
  guards: [
    "The environment is made from nothing: a PYTHONUNBUFFERED of the machine would hide the fault.",
    "Lines about the end itself are late by their nature: only lines that a terminal showed before are counted.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const types: Seen[] = [];
    for (const { type } of lab.subject.processes) {
      lab.tell(`reads what ${type} says`);
      const pipe = await listen(lab, type, false);
      const terminal = await listen(lab, type, true);
      if (!pipe || !terminal) continue;
      const early = new Set(pipe.early.map(kind));
      const atTerminal = new Set(terminal.early.map(kind));
      // A line of a kind that the terminal showed at once, and the pipe did not.
      const missing = [...atTerminal].filter((each) => !early.has(each));
      const example = terminal.early.find((line) => missing.includes(kind(line)))?.text;
      types.push({ type, early: pipe.early.length, late: pipe.late.map(({ text }) => text).slice(0, 5), atTerminal: missing.length, ...(example !== undefined && { example }) });
    }
    return { types, language: lab.build.language };
  },

  judge({ types, language }) {
    if (types.every(({ early, late, atTerminal }) => early + late.length + atTerminal === 0)) return inapplicable("the app says nothing, neither to a pipe nor to a terminal");
    const findings = types.flatMap(({ type, early, late, atTerminal, example }): Finding[] => {
      if (atTerminal === 0) return [];
      return [
        {
          subject: type,
          severity: "error",
          what: `${type} holds its lines back in a pipe: ${early} had come after ${lagMs / 1000} s${late.length > 0 ? `, and ${late.length} only when it was told to end` : ", and the rest never came"}`,
          ...(example !== undefined && { details: [`at a terminal this came at once: ${example}`] }),
          control: `with a terminal for its output, ${atTerminal} more kinds of lines came at once`,
          fix: fixes[language] ?? { text: "flush each line as it is written, or start it behind `stdbuf -oL`" },
        },
      ];
    });
    return failOr(findings, "proven", pass("every line came when it was written", types.map(({ type, early }) => `${type}: ${early} lines in a pipe`).join(", ")));
  },
};

const fixes: Readonly<Record<string, Finding["fix"] & {}>> = {
  python: { text: "set PYTHONUNBUFFERED=1 in the config, or start it with `python -u`", change: { says: "PYTHONUNBUFFERED=1", env: { PYTHONUNBUFFERED: "1" } } },
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

async function listen(lab: Lab, type: string, terminal: boolean): Promise<{ early: readonly Line[]; late: readonly Line[] } | undefined> {
  const { web } = lab.baseline;
  await using sandbox = await lab.sandbox();
  const isWeb = type === web?.type;
  if (!isWeb && !lab.baseline.others.some((each) => each.type === type && each.stayed)) return undefined;
  await using started = isWeb && web ? await startWeb(lab, sandbox, web, { terminal }) : await sandbox.start(type, { terminal });
  const { process, port } = started;
  if (isWeb && web) {
    for (let count = 0; count < 3; count++) await sandbox.ask({ port, path: web.pages[0]?.path ?? "/" });
    await sandbox.ask({ port, path: "/douze-is-not-there" });
  } else await process.until(() => process.end !== undefined, 1_500 * lab.slowness);
  await pause(lagMs);
  const early = [...process.lines];
  process.signal("group", "SIGTERM");
  await process.gone(8_000 * lab.slowness);
  await pause(50);
  return { early, late: process.lines.slice(early.length) };
}

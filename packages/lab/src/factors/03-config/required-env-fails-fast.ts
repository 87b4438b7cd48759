import { answers } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass } from "../../model/verdict.ts";
import { tellingLine } from "../../plan/telling-line.ts";
import { namesVariable } from "./names-variable.ts";

/** What an app does without one variable. */
type Without = "ends and names it" | "ends" | "works" | "answers, and fails later" | "hangs";

interface Tried {
  readonly variable: string;
  readonly without: Without;
  readonly status?: number;
  readonly line?: string;
}

interface Evidence {
  readonly tried: readonly Tried[];
}

/** How long it may take to end, in milliseconds: no platform waits longer before it counts a start as failed. */
const patienceMs = 20_000;

export const requiredEnvFailsFast: Check<Evidence> = {
  name: "required-env-fails-fast",
  factor: "config",
  claim: "without a variable that it needs the app ends at once, and names it",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "warning",
  norm: "“The twelve-factor app stores config in environment variables”",
  method: [
    "Each variable of the app, and of its services, is taken away alone; all else stays as it is, and the services stay up.",
    "The web process, or the first there is, is started and watched; if it answers, a page that answered well undisturbed is asked.",
    "Ending with another code than 0 is right, and best with the variable's name in the output. Working without it is right as well: it was optional.",
    "Answering and failing later, or hanging, is not.",
  ],
  guards: ["A page that failed undisturbed is not asked.", "Only the name is missing: what it led to is still there."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const type = web?.type ?? lab.subject.processes[0]?.type;
    const variables = [...lab.subject.services.map(({ variable }) => variable), ...lab.subject.variables.map(({ name }) => name)];
    const tried: Tried[] = [];
    if (type === undefined) return { tried };
    for (const variable of variables) {
      lab.tell(`without ${variable}`);
      tried.push({ variable, ...(await withoutIt(lab, type, variable)) });
    }
    return { tried };
  },

  judge({ tried }) {
    if (tried.length === 0) return inapplicable("the app has no variables");
    const findings = tried.flatMap(({ variable, without, status, line }): Finding[] => {
      const fix = { text: `look at ${variable} at the start, and end with its name and another code than 0 where it is missing` };
      const control = "with the variable, and all else alike, it answered well";
      if (without === "hangs")
        return [
          {
            subject: variable,
            severity: "warning",
            what: `without ${variable} it neither answers nor ends within ${patienceMs / 1000} s`,
            control,
            fix,
          },
        ];
      if (without === "answers, and fails later")
        return [
          {
            subject: variable,
            severity: "warning",
            what: `without ${variable} it starts all the same, and requests fail${status === undefined ? "" : ` with ${status}`}`,
            control,
            fix,
          },
        ];
      if (without === "ends" && status === 0)
        return [
          {
            subject: variable,
            severity: "warning",
            what: `without ${variable} it ends with exit code 0, as if all were well`,
            control,
            fix,
          },
        ];
      if (without === "ends")
        return [
          {
            subject: variable,
            severity: "note",
            what: `without ${variable} it ends, and does not name it: ${line ?? "it says nothing"}`,
            control,
            fix,
          },
        ];
      return [];
    });
    const worked = tried.filter(({ without }) => without === "works").map(({ variable }) => variable);
    const ended = tried.filter(({ without }) => without === "ends and names it").map(({ variable }) => variable);
    const what = [
      ended.length > 0 ? `it ends and names ${ended.join(", ")}` : "",
      worked.length > 0 ? `works without ${worked.join(", ")}` : "",
    ]
      .filter(Boolean)
      .join("; ");
    return failOr(findings, "proven", pass(what, `each of ${tried.length} variables was taken away alone`));
  },
};

async function withoutIt(lab: Lab, type: string, variable: string): Promise<Omit<Tried, "variable">> {
  const { web } = lab.baseline;
  await using sandbox = await lab.sandbox();
  await using started = await sandbox.start(type, { env: { [variable]: undefined } });
  const { process } = started;
  if (web && (await answers(lab, sandbox, started, web, patienceMs))) {
    const pages = web.pages.filter(({ status }) => status < 400).slice(0, 4);
    const again = await Promise.all(pages.map(({ path }) => sandbox.ask({ port: started.port, path })));
    const failing = again.find((each) => !each.ok || each.status >= 500);
    if (!failing) return { without: "works" };
    return { without: "answers, and fails later", ...(failing.ok && { status: failing.status }) };
  }
  if (!web) await process.until(() => process.end !== undefined, 3_000 * lab.slowness);
  const { end } = process;
  if (!end) return { without: web ? "hangs" : "works" };
  const lines = process.lines.map(({ text }) => text);
  const named = lines.find((text) => namesVariable(text, variable));
  const line = named ?? tellingLine(lines);
  return { without: named ? "ends and names it" : "ends", status: end.status, ...(line !== undefined && { line }) };
}

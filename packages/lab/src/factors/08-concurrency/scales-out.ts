import { answers, firstPage, lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";
import type { Started } from "../../sandbox/sandbox.ts";

interface Evidence {
  readonly types: readonly {
    readonly type: string;
    readonly up: number;
    readonly wanted: number;
    readonly stillWell: boolean;
    readonly lines: readonly string[];
  }[];
}

const copies = 3;

export const scalesOut: Check<Evidence> = {
  name: "scales-out",
  factor: "concurrency",
  claim: "equal processes run side by side",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“The share-nothing, horizontally partitionable nature of twelve-factor app processes”",
  method: [
    "Three processes of each type are started one after another, on one machine, with the same build, the same disk and the same services; each web process has a PORT of its own.",
    "All must come up, and the first must still be well when the last has.",
  ],
  guards: [
    "They start one after another, so that a slow machine is not taken for a conflict.",
    "The control is the first of them, which runs alone at first.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const types: Evidence["types"][number][] = [];
    for (const { type } of lab.subject.processes) {
      const isWeb = type === web?.type;
      if (!isWeb && !lab.baseline.others.some((other) => other.type === type && other.stayed)) continue;
      // A clock is one by its nature.
      if (/^(clock|scheduler|cron|beat)$/i.test(type)) continue;
      lab.tell(`starts ${copies} of ${type}`);
      await using sandbox = await lab.sandbox();
      const started: Started[] = [];
      let lines: readonly string[] = [];
      for (let count = 0; count < copies; count++) {
        const [first] = started;
        const each = await sandbox.start(type, first ? { beside: first } : {});
        started.push(each);
        const well =
          isWeb && web
            ? (await answers(lab, sandbox, each, web)) !== undefined
            : !(await each.process.until(() => each.process.end !== undefined, 1_500 * lab.slowness));
        if (!well) {
          lines = lastLines(each);
          break;
        }
      }
      const [first] = started;
      const stillWell =
        first !== undefined &&
        (isWeb && web ? (await sandbox.ask({ port: first.port, path: firstPage(web).path })).ok : first.process.end === undefined);
      types.push({ type, up: started.length - (lines.length > 0 || started.length < copies ? 1 : 0), wanted: copies, stillWell, lines });
    }
    return { types };
  },

  judge({ types }) {
    if (types.length === 0) return inapplicable("no process type stays up that may run more than once");
    const findings = types.flatMap(({ type, up, wanted, stillWell, lines }) =>
      up < wanted || !stillWell
        ? [
            {
              subject: type,
              severity: "error" as const,
              what:
                up < wanted
                  ? `the ${ordinal(up + 1)} of ${wanted} ${type} processes did not come up beside the others`
                  : `the first ${type} process was well no more when ${wanted} ran`,
              details: lines,
              control: "alone, the first came up and answered",
              fix: {
                text: "let no two processes need the same file, port or lock: take ports from the environment, and locks in a backing service",
              },
            },
          ]
        : [],
    );
    return failOr(
      findings,
      "proven",
      pass(
        `${copies} processes each of ${types.map(({ type }) => type).join(", ")} ran side by side`,
        "they shared the machine's ports, the disk and the services",
      ),
    );
  },
};

function ordinal(number: number): string {
  return ["first", "second", "third"][number - 1] ?? `${number}th`;
}

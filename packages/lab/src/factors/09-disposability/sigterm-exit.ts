import { isReady } from "../../discover/baseline.ts";
import { webOf } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass } from "../../model/verdict.ts";
import { type SignalModel, statusText } from "../../sandbox/running.ts";

interface Ending {
  readonly type: string;
  readonly model: SignalModel;
  /** Connections with one answer each, that a client kept open. */
  readonly idle: number;
  /** Until nothing was left of it, in milliseconds; absent: something was when the time was up. */
  readonly tookMs?: number;
  readonly status?: number;
  /** Names of the processes that were left. */
  readonly left: readonly string[];
}

interface Evidence {
  readonly endings: readonly Ending[];
  readonly slowness: number;
}

/** Heroku's and Kubernetes' grace, and what stricter platforms allow, in milliseconds. */
const graceMs = 30_000;
const strictMs = 10_000;
/** How many connections a client keeps open meanwhile. */
const idleConnections = 2;

export const sigtermExit: Check<Evidence> = {
  name: "sigterm-exit",
  factor: "disposability",
  claim: "after SIGTERM all of the app's processes end within the grace that platforms give",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“Processes shut down gracefully when they receive a SIGTERM signal”",
  method: [
    "Each process type is started; a web process answers first, and a client keeps two connections to it open.",
    "SIGTERM goes to the process group.",
    "The time is taken until none of its processes is left, whichever of them was started first.",
  ],
  guards: [
    "Ending by SIGTERM itself, or with code 143, is as good as exit 0: uvicorn and puma drain well and end by the signal; Java ends with 143.",
    "The end of the first process is not the end: what it leaves behind counts.",
    "On a slow machine the bounds are as many times as long.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const endings: Ending[] = [];
    for (const { type } of lab.subject.processes) {
      const web = webOf(lab);
      const isWeb = type === web?.type;
      if (!isWeb && !lab.baseline.others.some((other) => other.type === type && other.stayed)) continue;
      lab.tell(`SIGTERM to ${type}`);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type);
      const { process, port } = started;
      if (isWeb) {
        if (!(await isReady(sandbox, started, 60_000 * lab.slowness))) continue;
        await sandbox.keepIdle(port, web.pages[0]?.path ?? "/", idleConnections);
      } else if (await process.until(() => process.end !== undefined, 1_500 * lab.slowness)) continue;
      const at = process.signal("group", "SIGTERM");
      const goneAt = await process.gone((graceMs + 1_000) * lab.slowness);
      endings.push({
        type,
        model: "group",
        idle: isWeb ? idleConnections : 0,
        left: goneAt === undefined ? process.tree.map(({ name }) => name) : [],
        ...(goneAt !== undefined && { tookMs: goneAt - at }),
        ...(process.end && { status: process.end.status }),
      });
    }
    return { endings, slowness: lab.slowness };
  },

  judge({ endings, slowness }) {
    if (endings.length === 0) return inapplicable("no process of the app stays up until it is told to end");
    const findings = endings.flatMap((ending) => findingOf(ending, slowness));
    const told = endings.map(({ type, tookMs = 0 }) => `${type} in ${seconds(tookMs)}`).join(", ");
    return failOr(
      findings,
      "proven",
      pass(
        `ended after SIGTERM: ${told}`,
        `${endings.length} running ${endings.length === 1 ? "process was" : "processes were"} told to end`,
      ),
    );
  },
};

function findingOf({ type, tookMs, status = 0, idle, left }: Ending, slowness: number): Finding[] {
  const among = idle > 0 ? `, with ${idle} idle connections kept open by a client` : "";
  const control = "it was running and well until then, and nothing else was done to it";
  if (tookMs === undefined || tookMs > graceMs * slowness) {
    return [
      {
        subject: type,
        severity: "error",
        what: `${type} was still there ${seconds(graceMs * slowness)} after SIGTERM${among}: ${left.join(", ") || "it ended later"}`,
        control,
        fix: {
          text: "end on SIGTERM: stop accepting, finish what is in hand, close idle connections, exit; a process without a handler must not be started behind a shell that stays",
        },
      },
    ];
  }
  if (tookMs > strictMs * slowness) {
    const what = `${type} took ${seconds(tookMs)} to end after SIGTERM${among}; some platforms kill after 10 s`;
    return [
      {
        subject: type,
        severity: "warning",
        what,
        control,
        fix: { text: "close idle connections when told to end, and lower the server's own graceful timeout" },
      },
    ];
  }
  if (status !== 0 && status !== 143) {
    const what = `${type} ended ${seconds(tookMs)} after SIGTERM with ${statusText(status)}`;
    return [
      { subject: type, severity: "warning", what, control, fix: { text: "exit with 0 when told to end: other codes count as crashes" } },
    ];
  }
  return [];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
}

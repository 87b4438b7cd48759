import { firstPage, startWeb } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { LoadOptions, RequestRecord, Strike } from "../../sandbox/inside/orders.ts";
import type { SignalModel } from "../../sandbox/running.ts";
import type { Sandbox, Started } from "../../sandbox/sandbox.ts";
import { filesAlone } from "../06-processes/notes.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly isFilesAlone?: boolean;
  readonly path?: string;
  /** What made the requests slow. */
  readonly slowedBy?: string;
  readonly control: { readonly asked: number; readonly failed: number };
  readonly strikes: readonly Struck[];
}

interface Struck {
  readonly model: SignalModel;
  readonly strike: Strike;
  readonly requests: readonly RequestRecord[];
}

const models = ["group", "all"] as const;
/** How many requests must be in the app's hands when the signal comes, or nothing is shown. */
const enough = 3;
const clients = 6;
/** How slow a request is made, in milliseconds. */
const latencyMs = 500;
/** How much of a fair answer's time a client waits before it gives up, in milliseconds. */
const giveUpMs = 20_000;

export const sigtermInFlight: Check<Evidence> = {
  name: "sigterm-in-flight",
  factor: "disposability",
  claim: "requests that the app has in hand are finished after SIGTERM",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“allowing any current requests to finish, and then exiting”",
  method: [
    "Requests are made slow: by a path that is said to be, or by holding up what a backing service answers.",
    "Six clients ask one thing after another, each at its own moment. First without a signal, as the control.",
    "When at least three requests are young and in the app's hands, SIGTERM goes to its process group; in a second sandbox to all its processes, as on Heroku. A server that has one in hand at a time is struck three times.",
    "Clients use their old connections no more, as a router would not. What becomes of each request that was in hand is written down.",
  ],
  guards: [
    "A request is in the app's hands only if the kernel says so: its connection was accepted and its bytes were read. What waits in the queue of the kernel is another matter; without this, gunicorn's sync worker is accused.",
    "Requests that are refused or reset after the signal are what a router sends elsewhere, and are not counted.",
    "An answer that breaks off after its first byte is always counted.",
  ],
  limits: "An app without slow requests and without backing services cannot be tried, unless `check.http` names a slow path.",
  needs: ["sandbox"],
  passes: 1,

  async observe(lab) {
    const { web } = lab.baseline;
    const none = { control: { asked: 0, failed: 0 }, strikes: [] };
    if (!web) return { hasWeb: false, ...none };
    if (lab.build.language === "static") return { hasWeb: true, isFilesAlone: true, ...none };
    const slow = web.pages.find((page) => page.slow && page.status < 400);
    const held = web.pages.find(({ services, status }) => services.length > 0 && status < 400);
    const page = slow ?? held ?? firstPage(web);
    const slowedBy = slow ? "the app itself" : held?.services[0];
    if (slowedBy === undefined) return { hasWeb: true, path: page.path, ...none };
    const load = {
      paths: [page.path],
      clients,
      keepAlive: true,
      pauseMs: 40,
      staggerMs: 90,
      timeoutMs: giveUpMs * lab.slowness,
      reuseAfterSignal: false,
    };
    const strikes: Struck[] = [];
    let control = none.control;
    for (const model of models) {
      const own: Struck[] = [];
      for (let atLeast = nextStrike(own); atLeast !== undefined; atLeast = nextStrike(own)) {
        await using sandbox = await lab.sandbox();
        await using started = await startWeb(lab, sandbox, web);
        if (!slow) for (const service of sandbox.services) await service.fault({ mode: "latency", ms: latencyMs });
        if (strikes.length + own.length === 0) control = await leftInPeace(lab, sandbox, started, load);
        own.push(await struck(lab, sandbox, started, { load, model, atLeast, tookMs: slow ? page.tookMs : latencyMs }));
      }
      strikes.push(...own);
    }
    return { hasWeb: true, path: page.path, slowedBy, control, strikes };
  },

  judge({ hasWeb, isFilesAlone = false, path = "/", slowedBy, control, strikes }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    if (isFilesAlone) return inapplicable(filesAlone);
    if (slowedBy === undefined) {
      return unknown(
        "no-power",
        `no request takes long enough to be in hand when a signal comes: ${path} asks no backing service`,
        "name a slow path: `check: { http: [{ path: /report, slow: true }] }`",
      );
    }
    if (control.failed > 0) {
      return unknown(
        "unstable",
        `${control.failed} of ${control.asked} requests failed without any signal`,
        "mend that first: it fails under six clients",
      );
    }
    const done = models.map((model) => ({ model, ...handsOf(strikes.filter((each) => each.model === model)) }));
    const weak = done.find(({ inHand }) => inHand < enough);
    if (weak) {
      return unknown(
        "no-power",
        `at most ${weak.most} requests were in the app's hands at once, and ${enough} are needed`,
        "name a slower path in `check.http`",
      );
    }
    const findings = done.flatMap(({ model, inHand, lost, unread }) => {
      if (lost.length === 0) return [];
      const ways = [...new Set(lost.map(({ failed, status }) => failed ?? `status ${status}`))].join(", ");
      return [
        {
          subject: model === "all" ? "all processes" : "process group",
          severity: "error" as const,
          what: `${lost.length} of ${inHand} requests in hand were lost at SIGTERM to ${model === "all" ? "all processes" : "the process group"} (${ways})`,
          details: [`GET ${path}, made slow by ${slowedBy}; ${unread} more had not been read yet and are not counted`],
          control: `the same load without a signal: 0 of ${control.asked} failed`,
          fix: {
            text: "on SIGTERM stop accepting, wait for the requests in hand, close idle connections, then exit: `server.close()` in Node, the graceful timeout of gunicorn and puma, `Shutdown` in Go, Jetty's `setStopTimeout`",
          },
        },
      ];
    });
    const inHand = done.reduce((sum, each) => sum + each.inHand, 0);
    return failOr(
      findings,
      "proven",
      pass(
        `0 of ${inHand} requests in hand were lost at SIGTERM`,
        `${inHand} requests of GET ${path}, slowed by ${slowedBy}, were accepted and read when the signal came`,
      ),
    );
  },
};

type Load = Omit<LoadOptions, "port">;

async function leftInPeace(lab: Lab, sandbox: Sandbox, { process, port }: Started, load: Load): Promise<Evidence["control"]> {
  lab.tell("asks without a signal");
  const quiet = await sandbox.load({ ...load, port });
  await process.until(() => process.end !== undefined, 2_500);
  const records = await sandbox.unload(quiet, giveUpMs);
  return { asked: records.length, failed: records.filter(isLost).length };
}

async function struck(
  lab: Lab,
  sandbox: Sandbox,
  { process, port }: Started,
  options: { readonly load: Load; readonly model: Struck["model"]; readonly atLeast: number; readonly tookMs: number },
): Promise<Struck> {
  const { load, model, atLeast, tookMs } = options;
  lab.tell(`SIGTERM to ${model === "all" ? "all processes" : "the group"}, with requests in hand`);
  const number = await sandbox.load({ ...load, port });
  const strike = await sandbox.strike({
    load: number,
    pids: process.targets(model),
    signal: "SIGTERM",
    atLeast,
    youngMs: [Math.min(20, tookMs / 10), Math.max(60, tookMs * 0.6)],
    patienceMs: 10_000 * lab.slowness,
  });
  if (strike.struck) await process.gone(giveUpMs * lab.slowness);
  return { model, strike, requests: await sandbox.unload(number, 5_000) };
}

/**
 * How many requests the next strike wants in hand; nothing where enough were, or never will be. A server that does one thing at a time
 * has no more than one in hand: it is struck as often as it takes. Pure.
 */
export function nextStrike(earlier: readonly Pick<Struck, "strike">[]): number | undefined {
  const [first] = earlier;
  const last = earlier.at(-1)?.strike;
  if (!first || !last) return enough;
  if (!last.struck) return earlier.length === 1 && last.most > 0 ? last.most : undefined;
  const inHand = earlier.reduce((sum, { strike }) => sum + (strike.struck ? strike.read : 0), 0);
  return inHand < enough && earlier.length <= enough ? 1 : undefined;
}

/** What the strikes of one model come to. */
function handsOf(strikes: readonly Struck[]): { inHand: number; most: number; unread: number; lost: readonly RequestRecord[] } {
  const done = strikes.filter(({ strike }) => strike.struck);
  const requests = done.flatMap((each) => each.requests);
  return {
    inHand: requests.filter(({ atSignal }) => atSignal === "read").length,
    most: Math.max(0, ...strikes.map(({ strike }) => (strike.struck ? strike.read : strike.most))),
    unread: done.reduce((sum, { strike }) => sum + (strike.struck ? strike.unread : 0), 0),
    lost: requests.filter((each) => (each.atSignal === "read" || each.bytes > 0) && isLost(each)),
  };
}

function isLost({ failed, status }: RequestRecord): boolean {
  return failed !== undefined || (status ?? 0) >= 500;
}

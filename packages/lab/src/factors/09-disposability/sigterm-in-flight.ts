import { firstPage, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { RequestRecord, Strike } from "../../sandbox/inside/orders.ts";
import type { SignalModel } from "../../sandbox/running.ts";

interface Evidence {
  readonly hasWeb: boolean;
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
    "When at least three requests are young and in the app's hands, SIGTERM goes to its process group; in a second sandbox to all its processes, as on Heroku.",
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
    for (const model of ["group", "all"] as const) {
      await using sandbox = await lab.sandbox();
      await using started = await startWeb(lab, sandbox, web);
      if (!slow) for (const service of sandbox.services) await service.fault({ mode: "latency", ms: latencyMs });
      if (model === "group") {
        lab.tell("asks without a signal");
        const quiet = await sandbox.load({ ...load, port: started.port });
        await started.process.until(() => started.process.end !== undefined, 2_500);
        const records = await sandbox.unload(quiet, giveUpMs);
        control = { asked: records.length, failed: records.filter(isLost).length };
      }
      lab.tell(`SIGTERM to ${model === "all" ? "all processes" : "the group"}, with requests in hand`);
      const number = await sandbox.load({ ...load, port: started.port });
      const took = slow ? page.tookMs : latencyMs;
      const strike = await sandbox.strike({
        load: number,
        pids: started.process.targets(model),
        signal: "SIGTERM",
        atLeast: enough,
        youngMs: [Math.min(20, took / 10), Math.max(60, took * 0.6)],
        patienceMs: 10_000 * lab.slowness,
      });
      if (strike.struck) await started.process.gone(giveUpMs * lab.slowness);
      strikes.push({ model, strike, requests: await sandbox.unload(number, 5_000) });
    }
    return { hasWeb: true, path: page.path, slowedBy, control, strikes };
  },

  judge({ hasWeb, path = "/", slowedBy, control, strikes }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
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
    const weak = strikes.find(({ strike }) => !strike.struck);
    if (weak) {
      const most = weak.strike.struck ? 0 : weak.strike.most;
      return unknown(
        "no-power",
        `at most ${most} requests were in the app's hands at once, and ${enough} are needed`,
        "name a slower path in `check.http`, or let the app serve more than one request at a time",
      );
    }
    const findings = strikes.flatMap(({ model, requests, strike }) => {
      const inHand = requests.filter(({ atSignal }) => atSignal === "read");
      const lost = requests.filter((each) => (each.atSignal === "read" || each.bytes > 0) && isLost(each));
      if (lost.length === 0 || !strike.struck) return [];
      const ways = [...new Set(lost.map(({ failed, status }) => failed ?? `status ${status}`))].join(", ");
      return [
        {
          subject: model === "all" ? "all processes" : "process group",
          severity: "error" as const,
          what: `${lost.length} of ${inHand.length} requests in hand were lost at SIGTERM to ${model === "all" ? "all processes" : "the process group"} (${ways})`,
          details: [`GET ${path}, made slow by ${slowedBy}; ${strike.unread} more had not been read yet and are not counted`],
          control: `the same load without a signal: 0 of ${control.asked} failed`,
          fix: {
            text: "on SIGTERM stop accepting, wait for the requests in hand, close idle connections, then exit: `server.close()` in Node, the graceful timeout of gunicorn and puma, `Shutdown` in Go",
          },
        },
      ];
    });
    const inHand = strikes.reduce((sum, { requests }) => sum + requests.filter(({ atSignal }) => atSignal === "read").length, 0);
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

function isLost({ failed, status }: RequestRecord): boolean {
  return failed !== undefined || (status ?? 0) >= 500;
}

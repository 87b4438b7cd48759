import { eventually, pause, startWeb } from "../../experiment.ts";
import type { Page } from "../../model/baseline.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass } from "../../model/verdict.ts";
import type { Answer } from "../../sandbox/inside/orders.ts";

interface Evidence {
  readonly services: readonly string[];
  readonly cuts: readonly {
    readonly service: string;
    readonly page: string;
    /** While it was cut: answers, and requests that got none in time. */
    readonly answered: number;
    readonly hung: number;
    readonly endedWith?: number;
    /** Until it was well again, in milliseconds; absent: it was not. */
    readonly wellAfterMs?: number;
    readonly wellAfterRestart?: boolean;
  }[];
}

const cutMs = 4_000;
const hangMs = 15_000;
const wellMs = 30_000;

export const survivesDetach: Check<Evidence> = {
  name: "survives-detach",
  factor: "backing-services",
  claim: "a service can be cut off and attached again without a restart by hand",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“Resources can be attached to and detached from deploys at will”",
  method: [
    "A page that asks the service is asked. All connections to the service are reset and new ones refused for four seconds; the page is asked meanwhile.",
    "The service answers again, and the page must do well within half a minute. Ending with another code than 0 is as good, if it is well after one restart.",
  ],
  guards: [
    "Only pages that speak to the service are asked.",
    "What is answered while it is cut off is free: an error is right.",
    "One service at a time.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const cuts: Evidence["cuts"][number][] = [];
    const services = lab.subject.services.map(({ name }) => name);
    if (!web) return { services: [], cuts };
    for (const name of services) {
      const page: Page | undefined = web.pages.find((each) => each.services.includes(name) && each.status < 400);
      if (!page) continue;
      lab.tell(`cuts ${name} off`);
      await using sandbox = await lab.sandbox();
      await using started = await startWeb(lab, sandbox, web);
      const { process, port } = started;
      const service = sandbox.service(name);
      const ask = (): Promise<Answer> => sandbox.ask({ port, path: page.path, timeoutMs: hangMs * lab.slowness });
      await ask();
      await service.fault({ mode: "cut" });
      const asked: Promise<Answer>[] = [];
      for (let count = 0; count < 4; count++) {
        asked.push(ask());
        await pause(cutMs / 4);
      }
      const during = await Promise.all(asked);
      await service.fault({ mode: "pass" });
      const ended = process.end;
      const well = async (): Promise<boolean> => {
        const answer = await sandbox.ask({ port, path: page.path, timeoutMs: 5_000 });
        return answer.ok && answer.status === page.status;
      };
      const wellAfterMs = ended ? undefined : await eventually(well, wellMs * lab.slowness, 250);
      let wellAfterRestart: boolean | undefined;
      if (process.end) {
        await using again = await sandbox.start(web.type);
        const { isReady } = await import("../../discover/baseline.ts");
        wellAfterRestart = (await isReady(sandbox, again, 20_000 * lab.slowness, page.path))?.answer.ok ?? false;
      }
      cuts.push({
        service: name,
        page: page.path,
        answered: during.filter(({ ok }) => ok).length,
        hung: during.filter((each) => !each.ok && each.error === "timeout").length,
        ...(process.end && { endedWith: process.end.status }),
        ...(wellAfterMs !== undefined && { wellAfterMs }),
        ...(wellAfterRestart !== undefined && { wellAfterRestart }),
      });
    }
    return { services, cuts };
  },

  judge({ services, cuts }) {
    if (services.length === 0) return inapplicable("the app has no services that its pages ask");
    if (cuts.length === 0) return inapplicable("no page of the app asks a service");
    const findings = cuts.flatMap(({ service, page, hung, endedWith, wellAfterMs, wellAfterRestart }): Finding[] => {
      const control = `before the cut GET ${page} answered well`;
      const fix = {
        text: "let the client's pool check its connections and connect again, with a bound on how long it waits; or end with an error and let the platform start it anew",
      };
      if (endedWith !== undefined && !wellAfterRestart)
        return [
          {
            subject: service,
            severity: "warning",
            what: `it ended when ${service} was cut off, and was not well after a restart`,
            control,
            fix,
          },
        ];
      if (endedWith === 0)
        return [
          {
            subject: service,
            severity: "warning",
            what: `it ended with exit code 0 when ${service} was cut off, as if it had been told to`,
            control,
            fix,
          },
        ];
      if (endedWith === undefined && wellAfterMs === undefined)
        return [
          {
            subject: service,
            severity: "warning",
            what: `${wellMs / 1000} s after ${service} was back, GET ${page} still failed`,
            control,
            fix,
          },
        ];
      if (hung > 0)
        return [
          {
            subject: service,
            severity: "warning",
            what: `while ${service} refused connections, ${hung} of 4 requests had no answer within ${hangMs / 1000} s`,
            control,
            fix,
          },
        ];
      return [];
    });
    const told = cuts.map(({ service, wellAfterMs }) =>
      wellAfterMs === undefined
        ? `${service}: well after a restart`
        : `${service}: well ${(wellAfterMs / 1000).toFixed(1)} s after it was back`,
    );
    return failOr(
      findings,
      "proven",
      pass(
        told.join("; "),
        `${cuts.map(({ service, page }) => `${service} was cut off for ${cutMs / 1000} s while GET ${page} was asked`).join("; ")}`,
      ),
    );
  },
};

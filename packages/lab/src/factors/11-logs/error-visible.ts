import { pause, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly errors: readonly { readonly path: string; readonly status: number; readonly lines: number }[];
  readonly tried: number;
}

export const errorVisible: Check<Evidence> = {
  name: "error-visible",
  factor: "logs",
  claim: "a failed request leaves a trace in the log",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“each running process writes its event stream, unbuffered, to stdout”",
  method: [
    "Pages are asked while the services are cut off, so that they fail.",
    "For each answer of 500 and above, lines are counted that arrive within two seconds.",
  ],
  guards: [
    "Health paths are left out: not being ready is said to the platform, and no error of the app.",
    "Without an answer of 500 and above nothing is said.",
    "Lines are counted, not understood.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web || lab.subject.services.length === 0) return { hasWeb: web !== undefined, errors: [], tried: 0 };
    await using sandbox = await lab.sandbox();
    await using started = await startWeb(lab, sandbox, web);
    const { process, port } = started;
    for (const service of sandbox.services) await service.fault({ mode: "cut" });
    // What the loss of the connection itself makes it say is not what is asked for.
    await pause(1_000);
    const errors: Evidence["errors"][number][] = [];
    const pages = web.pages.filter(({ services, status, isHealth }) => services.length > 0 && status < 400 && !isHealth).slice(0, 3);
    for (const { path } of pages) {
      const before = process.lines.length;
      const answer = await sandbox.ask({ port, path, timeoutMs: 15_000 });
      if (!answer.ok || answer.status < 500) continue;
      await process.until(() => process.lines.length > before, 2_000);
      errors.push({ path, status: answer.status, lines: process.lines.length - before });
    }
    return { hasWeb: true, errors, tried: pages.length };
  },

  judge({ hasWeb, errors, tried }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    if (errors.length === 0)
      return inapplicable(
        tried === 0 ? "no page of the app asks a service" : "with its services cut off it answered no page with an error",
      );
    const findings = errors
      .filter(({ lines }) => lines === 0)
      .map(({ path, status }) => ({
        subject: path,
        severity: "warning" as const,
        what: `GET ${path} answered ${status}, and nothing of it is in the log`,
        control: "its output was read for two seconds after the answer",
        fix: { text: "log each error that becomes an answer of 500 and above, once, with its cause" },
      }));
    return failOr(
      findings,
      "proven",
      pass("failed requests were logged", `${errors.length} requests were made to fail by cutting the services off`),
    );
  },
};

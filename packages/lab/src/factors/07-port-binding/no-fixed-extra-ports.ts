import { listenersOf } from "../../discover/baseline.ts";
import { startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  /** Ports beside PORT, by start. */
  readonly extra: readonly (readonly { readonly port: number; readonly address: string }[])[];
}

export const noFixedExtraPorts: Check<Evidence> = {
  name: "no-fixed-extra-ports",
  factor: "port-binding",
  claim: "no port beside PORT is fixed in the app",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“exports HTTP as a service by binding to a port”",
  method: ["A web process is started twice, with different PORTs.", "Ports that it listens at both times, beside PORT, are fixed."],
  guards: [
    "Ports that the kernel chose differ from start to start.",
    "A port on the machine's own loopback alone is a note: a debugger, most often.",
  ],
  needs: ["sandbox"],
  repeats: 1,

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web) return { hasWeb: false, extra: [] };
    const extra: Evidence["extra"][number][] = [];
    for (const base of [22_000, 27_000]) {
      const port = base + lab.chance.whole(1, 3_000);
      await using sandbox = await lab.sandbox();
      await using started = await startWeb(lab, sandbox, web, { port });
      const all = await listenersOf(sandbox, started);
      extra.push(all.filter((each) => each.port !== port).map((each) => ({ port: each.port, address: each.address })));
    }
    return { hasWeb: true, extra };
  },

  judge({ hasWeb, extra }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const [first = [], second = []] = extra;
    const fixed = first.filter(({ port }) => second.some((each) => each.port === port));
    const findings = fixed.map(({ port, address }) => ({
      subject: `port ${port}`,
      severity: address.startsWith("127.") || address === "::1" ? ("note" as const) : ("warning" as const),
      what: `it also listens at ${address}:${port}, whatever PORT says: a second process on the same machine cannot`,
      control: "two starts with different PORTs listened there",
      fix: { text: "take that port from the environment too, with a variable of its own, or serve it under PORT" },
    }));
    return failOr(
      findings,
      "proven",
      pass("it listens at PORT and at no other fixed port", "two starts with different ports were compared"),
    );
  },
};

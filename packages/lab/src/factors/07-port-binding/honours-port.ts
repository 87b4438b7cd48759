import { isReady, listenersOf } from "../../discover/baseline.ts";
import { firstPage } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  /** Whether it came up undisturbed: one that does not listen anywhere has not, and nothing is known of its port. */
  readonly came: boolean;
  readonly tries: readonly { readonly port: number; readonly answered: boolean; readonly listens: readonly number[] }[];
}

export const honoursPort: Check<Evidence> = {
  name: "honours-port",
  factor: "port-binding",
  claim: "the app listens where PORT says",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“exports HTTP as a service by binding to a port”",
  method: [
    "A web process is started with one PORT, and another one in a fresh sandbox with another.",
    "The kernel tells which ports its processes listen at, and it is asked there.",
  ],
  guards: ["The text of the app is never looked at: frameworks and servers read PORT without the app naming it."],
  needs: ["sandbox"],
  beforeStart: true,
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const type = web?.type ?? lab.subject.processes.find(({ routed }) => routed)?.type;
    if (type === undefined) return { hasWeb: false, came: false, tries: [] };
    const tries: Evidence["tries"][number][] = [];
    for (const base of [21_000, 31_000]) {
      const port = base + lab.chance.whole(1, 8_000);
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type, { port });
      const ready = await isReady(sandbox, started, (web ? 30_000 : 10_000) * lab.slowness, web ? firstPage(web).path : "/");
      const listens = [...new Set((await listenersOf(sandbox, started)).map((each) => each.port))];
      tries.push({ port, answered: ready !== undefined, listens });
    }
    return { hasWeb: true, came: web !== undefined, tries };
  },

  judge({ hasWeb, came, tries }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const told = tries.map(({ port }) => port).join(" and then ");
    const wrong = tries.filter(({ answered }) => !answered);
    const listens = [...new Set(wrong.flatMap((each) => each.listens))];
    if (!came && listens.length === 0)
      return unknown("no-start", `with PORT ${told} it listened nowhere, and it did not come up undisturbed`, "look at what it said");
    const findings =
      wrong.length > 0
        ? [
            {
              subject: "PORT",
              severity: "error" as const,
              what: `with PORT ${told} it ${listens.length > 0 ? `listened at ${listens.join(", ")}` : "listened nowhere"}`,
              control: listens.length > 0 ? "the kernel names the ports that its processes listen at" : "it was given half a minute",
              fix: {
                text: "read PORT from the environment and bind to it; have a server's own setting take its value, such as `--bind 0.0.0.0:$PORT`",
              },
            },
          ]
        : [];
    return failOr(findings, "proven", pass(`it listened at PORT ${told}`, "two starts with different ports were asked there"));
  },
};

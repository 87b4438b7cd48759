import { listenersOf } from "../../discover/baseline.ts";
import { firstPage, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly addresses: readonly string[];
  readonly inside: boolean;
  readonly outside: boolean;
}

/** Another address of the sandbox, as a router on another machine would meet it. */
const elsewhere = "10.97.1.1";

export const allInterfaces: Check<Evidence> = {
  name: "all-interfaces",
  factor: "port-binding",
  claim: "the app can be reached from outside of its own machine",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“exports HTTP as a service by binding to a port, and listening to requests coming in on that port”",
  method: [
    "A web process is started with HOST=0.0.0.0 and PORT.",
    "It is asked at another address than 127.0.0.1; then there, as the control.",
  ],
  guards: ["The app runs in its production mode: development servers bind to the machine itself on purpose."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web) return { hasWeb: false, addresses: [], inside: false, outside: false };
    await using sandbox = await lab.sandbox();
    await using started = await startWeb(lab, sandbox, web);
    const { port } = started;
    const { path } = firstPage(web);
    const [inside, outside] = [await sandbox.ask({ port, path }), await sandbox.ask({ port, path, address: elsewhere })];
    const addresses = (await listenersOf(sandbox, started)).filter((each) => each.port === port).map(({ address }) => address);
    return { hasWeb: true, addresses, inside: inside.ok, outside: outside.ok };
  },

  judge({ hasWeb, addresses, inside, outside }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const where = addresses.join(", ") || "an address that the kernel does not name";
    const findings =
      inside && !outside
        ? [
            {
              subject: "HOST",
              severity: "error" as const,
              what: `it is bound to ${where}, and cannot be reached from outside of its machine`,
              control: "at 127.0.0.1 it answered",
              fix: { text: "bind to 0.0.0.0, or to what HOST says where there is one" },
            },
          ]
        : [];
    return failOr(findings, "proven", pass(`it is bound to ${where} and answers at other addresses`, `it was asked at ${elsewhere}`));
  },
};

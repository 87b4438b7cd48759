import { startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";
import { type NoNotes, notesWay, read, withoutNotes, write } from "./notes.ts";

interface Evidence {
  readonly none?: NoNotes;
  readonly from?: string;
  readonly before: boolean;
  readonly after: boolean;
}

export const restartKeepsState: Check<Evidence> = {
  name: "restart-keeps-state",
  factor: "processes",
  claim: "a restart loses nothing that a user has seen",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“processes are stateless and share-nothing”",
  method: [
    "A marker is written through a web process and read again, as the control.",
    "The process ends on SIGTERM.",
    "Another one starts with an empty disk and the same services, and the marker is read through it.",
  ],
  guards: ["The marker must have been there before the restart."],
  needs: ["sandbox"],

  async observe(lab) {
    const way = notesWay(lab);
    if ("none" in way) return { none: way.none, before: false, after: false };
    await using sandbox = await lab.sandbox();
    let before = false;
    let note: Awaited<ReturnType<typeof write>>;
    {
      await using a = await startWeb(lab, sandbox, way.web);
      note = await write(lab, sandbox, a, way.roundtrip);
      before = await read(sandbox, a, note);
      a.process.signal("group", "SIGTERM");
      await a.process.gone(15_000 * lab.slowness);
    }
    await using b = await startWeb(lab, sandbox, way.web);
    return { from: way.roundtrip.from, before, after: await read(sandbox, b, note) };
  },

  judge({ none, from, before, after }) {
    if (none) return withoutNotes(none);
    const findings =
      before && !after
        ? [
            {
              subject: from ?? "",
              severity: "error" as const,
              what: `what was written (${from}) was gone after a restart with an empty disk`,
              control: "it was there before the restart, and the services were not touched",
              fix: { text: "keep it in a backing service: memory and disk are for the length of one request" },
            },
          ]
        : [];
    return failOr(
      findings,
      "proven",
      pass("what was written was there after a restart", `a marker was written by ${from}, and read before and after`),
    );
  },
};

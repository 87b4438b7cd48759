import { eventually, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";
import { type NoNotes, notesWay, read, withoutNotes, write } from "./notes.ts";

interface Evidence {
  readonly none?: NoNotes;
  readonly from?: string;
  /** Through the process that it was written by. */
  readonly atWriter: boolean;
  /** Until it was there through the other, in milliseconds; absent: it never was. */
  readonly atOtherMs?: number;
  readonly allowedMs: number;
}

/** How long another process may take at all, in milliseconds. */
const longestMs = 20_000;

export const dataVisibleEverywhere: Check<Evidence> = {
  name: "data-visible-everywhere",
  factor: "processes",
  claim: "what is written through one process is read through another at once",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“Any data that needs to persist must be stored in a stateful backing service”",
  method: [
    "Two web processes share their services and nothing else.",
    "A marker is written through the first.",
    "It is read through the second until it is there, for twenty seconds at most; then through the first, as the control.",
  ],
  guards: ["A cache of a few seconds is a warning, with its lag.", "`check.consistency` in the manifest says how long it may take."],
  needs: ["sandbox"],

  async observe(lab) {
    const way = notesWay(lab);
    const allowedMs = lab.subject.hints.consistencyMs ?? 2_000;
    if ("none" in way) return { none: way.none, atWriter: false, allowedMs };
    await using sandbox = await lab.sandbox();
    await using a = await startWeb(lab, sandbox, way.web);
    await using b = await startWeb(lab, sandbox, way.web);
    const note = await write(lab, sandbox, a, way.roundtrip);
    const atOtherMs = await eventually(() => read(sandbox, b, note), Math.max(longestMs, allowedMs) * lab.slowness);
    return { from: way.roundtrip.from, allowedMs, atWriter: await read(sandbox, a, note), ...(atOtherMs !== undefined && { atOtherMs }) };
  },

  judge({ none, from, atWriter, atOtherMs, allowedMs }) {
    if (none) return withoutNotes(none);
    const control = `through the process that it was written by, it ${atWriter ? "was there" : "was not there either"}`;
    const fix = { text: "keep it in a backing service, and no copy of it in the process" };
    const findings =
      atOtherMs === undefined && atWriter
        ? [
            {
              subject: from ?? "",
              severity: "error" as const,
              what: `what was written through one process was never there through another (${from})`,
              control,
              fix,
            },
          ]
        : atOtherMs !== undefined && atOtherMs > allowedMs
          ? [
              {
                subject: from ?? "",
                severity: "warning" as const,
                what: `what was written through one process took ${(atOtherMs / 1000).toFixed(1)} s until it was there through another`,
                control,
                fix,
              },
            ]
          : [];
    return failOr(
      findings,
      "proven",
      pass("what one process wrote, another read at once", `a marker was written by ${from} and read through a second process`),
    );
  },
};

import { isThere, type WrittenNote, writeNote } from "../../discover/roundtrip.ts";
import { NotReady } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Roundtrip, WebBaseline } from "../../model/baseline.ts";
import { inapplicable, type Ruling, unknown } from "../../model/verdict.ts";
import type { Sandbox, Started } from "../../sandbox/sandbox.ts";

/** What is said of a site without a program of its own. */
export const filesAlone = "the app is files alone, which the platform serves";

/** Whether something can be written through the app at all. */
export type NotesWay = { readonly web: WebBaseline; readonly roundtrip: Roundtrip } | { readonly none: NoNotes };
export type NoNotes = "no-web" | "files-alone" | "no-roundtrip";

export function notesWay({ baseline, build }: Pick<Lab, "baseline" | "build">): NotesWay {
  const { web } = baseline;
  if (!web) return { none: "no-web" };
  if (build.language === "static") return { none: "files-alone" };
  return web.roundtrip ? { web, roundtrip: web.roundtrip } : { none: "no-roundtrip" };
}

/** What a check says of an app through which nothing can be written and read again. */
export function withoutNotes(none: NoNotes): Ruling {
  if (none === "no-web") return inapplicable("the app takes no requests");
  return none === "files-alone"
    ? inapplicable(filesAlone)
    : unknown(
        "needs-hint",
        "no way was found to write something and read it again",
        "say how in the manifest: `check: { roundtrip: { create: POST /notes text=$marker, read: GET $location } }`",
      );
}

/** Writes a marker through one process. @throws Error where what worked undisturbed works no more */
export async function write(lab: Lab, sandbox: Sandbox, { port }: Pick<Started, "port">, roundtrip: Roundtrip): Promise<WrittenNote> {
  const written = await writeNote(sandbox.ask.bind(sandbox), port, roundtrip.way, `douze${lab.chance.hex(12)}`);
  if (typeof written === "string") throw new WriteFailed(written);
  return written;
}

export async function read(sandbox: Sandbox, { port }: Pick<Started, "port">, note: WrittenNote): Promise<boolean> {
  return await isThere(sandbox.ask.bind(sandbox), port, note);
}

/** What could be written before, cannot now. */
class WriteFailed extends NotReady {
  constructor(what: string) {
    super(`what could be written undisturbed cannot now: ${what}`, []);
  }
}

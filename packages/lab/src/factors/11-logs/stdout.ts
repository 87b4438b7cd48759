import { pause, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import { writtenText } from "../../sandbox/write-ledger.ts";
import { filesAlone } from "../06-processes/notes.ts";

interface Evidence {
  readonly types: readonly {
    readonly type: string;
    readonly lines: number;
    readonly nonces: number;
    readonly logFiles: readonly { readonly path: string; readonly bytes: number; readonly nonce: boolean }[];
  }[];
}

export const stdout: Check<Evidence> = {
  name: "stdout",
  factor: "logs",
  claim: "the event stream goes to the standard output",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“each running process writes its event stream, unbuffered, to stdout”",
  method: [
    "Each process type is started; a web process gets requests with a word that occurs nowhere else, one for a path that is not there, and is then told to end.",
    "Its output is read until the end; files that it wrote and that look like logs are too.",
  ],
  guards: [
    "Many apps say nothing of single requests: any line, of the start, a request or the end, is enough.",
    "Standard error is as good: every platform collects both.",
    "An app that says nothing and writes no log file is a note, not a fault.",
    "When a line arrives is another check's matter.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const types: Evidence["types"][number][] = [];
    // The server is the platform's then, and what it says of itself as well.
    if (lab.build.language === "static") return { types };
    const { web } = lab.baseline;
    for (const { type } of lab.subject.processes) {
      await using sandbox = await lab.sandbox();
      const nonce = `douze${lab.chance.hex(10)}`;
      const isWeb = type === web?.type;
      await using started = isWeb && web ? await startWeb(lab, sandbox, web) : await sandbox.start(type);
      const { process, disk, port } = started;
      if (isWeb && web) {
        for (const path of [...web.pages.slice(0, 3).map((page) => page.path), "/douze-is-not-there"]) {
          await sandbox.ask({ port, path: `${path}${path.includes("?") ? "&" : "?"}douze=${nonce}` });
        }
      } else await process.until(() => process.end !== undefined, 1_500 * lab.slowness);
      await pause(500);
      const lines = process.lines.length;
      process.signal("group", "SIGTERM");
      await process.gone(10_000 * lab.slowness);
      const logFiles: Evidence["types"][number]["logFiles"][number][] = [];
      for (const { path, kind, bytes } of await disk.ledger()) {
        if (kind !== "file" || bytes === 0) continue;
        const text = (await writtenText(disk.folder, path, 1 << 16)) ?? "";
        const hasNonce = text.includes(nonce);
        if (hasNonce || (/\.log$|\/logs?\//.test(path) && /\d{2}:\d{2}/.test(text))) logFiles.push({ path, bytes, nonce: hasNonce });
      }
      const nonces = process.lines.filter(({ text }) => text.includes(nonce)).length;
      types.push({ type, lines: Math.max(lines, process.lines.length), nonces, logFiles });
    }
    return { types };
  },

  judge({ types }) {
    if (types.length === 0) return inapplicable(filesAlone);
    const findings = types.flatMap(({ type, lines, logFiles }) => {
      const [file] = logFiles;
      return lines === 0 && file
        ? [
            {
              subject: file.path.replace(/\d{2,}/g, "*"),
              severity: "error" as const,
              what: `${type} says nothing on its standard output, and writes ${file.path}`,
              details: logFiles.map(
                ({ path, bytes, nonce }) => `${path}: ${bytes} bytes${nonce ? ", with the word that only our request had" : ""}`,
              ),
              control: "its output was read from the start to the end",
              fix: { text: "log to the standard output, and leave files and their rotation to the platform" },
            },
          ]
        : [];
    });
    if (findings.length === 0 && types.every(({ lines }) => lines === 0))
      return unknown("no-power", "it said nothing at all, and wrote no log", "let it say at least that it started; then this can be told");
    const total = types.reduce((sum, { lines }) => sum + lines, 0);
    return failOr(
      findings,
      "proven",
      pass(`${total} lines came by the standard output`, `${types.map(({ type, lines }) => `${type}: ${lines}`).join(", ")}`),
    );
  },
};

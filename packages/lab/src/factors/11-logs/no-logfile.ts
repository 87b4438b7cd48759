import { pause, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";
import { writtenText } from "../../sandbox/write-ledger.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly requests: number;
  readonly written: number;
  readonly files: readonly { readonly path: string; readonly nonce: boolean; readonly line: string }[];
}

export const noLogfile: Check<Evidence> = {
  name: "no-logfile",
  factor: "logs",
  claim: "the app writes no log files",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "error",
  norm: "“It should not attempt to write to or manage logfiles”",
  method: [
    "A web process gets requests with a word that occurs nowhere else.",
    "Every file that was written is searched for that word, and for lines that begin with a time and grow with each request.",
  ],
  guards: ["What holds the word and is a database or JSON is no log: it is what was stored.", "Below /tmp it is a warning."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web) return { hasWeb: false, requests: 0, written: 0, files: [] };
    await using sandbox = await lab.sandbox();
    await using started = await startWeb(lab, sandbox, web);
    const { disk, port } = started;
    const nonce = `douze${lab.chance.hex(10)}`;
    let requests = 0;
    const sizes: Map<string, number>[] = [];
    for (let round = 0; round < 2; round++) {
      for (const path of [...web.pages.slice(0, 3).map((page) => page.path), "/douze-is-not-there"]) {
        await sandbox.ask({ port, path: `${path}${path.includes("?") ? "&" : "?"}douze=${nonce}` });
        requests++;
      }
      await pause(400);
      sizes.push(new Map((await disk.ledger()).map(({ path, bytes }) => [path, bytes])));
    }
    const files: Evidence["files"][number][] = [];
    const ledger = (await disk.ledger()).filter(({ kind, bytes }) => kind === "file" && bytes > 0);
    for (const { path } of ledger) {
      const text = (await writtenText(disk.folder, path, 1 << 16)) ?? "";
      // The word stood in addresses alone: nobody stores those but a log.
      if (text.includes("\0")) continue;
      const lines = text.split("\n").filter((line) => line !== "");
      const own = lines.find((line) => line.includes(nonce));
      const grew = (sizes[1]?.get(path) ?? 0) > (sizes[0]?.get(path) ?? 0);
      const timed = lines.filter((line) =>
        /^\W{0,2}(\d{4}-\d{2}-\d{2}|\d{2}\/\w{3}\/\d{4}|\d{2}:\d{2}:\d{2}|\{.*"(time|ts|timestamp|level)")/.test(line),
      ).length;
      if (own !== undefined || (grew && lines.length > 1 && timed > lines.length / 2))
        files.push({ path, nonce: own !== undefined, line: (own ?? lines.at(-1) ?? "").slice(0, 160) });
    }
    return { hasWeb: true, requests, written: ledger.length, files };
  },

  judge({ hasWeb, requests, written, files }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const findings = files.map(({ path, nonce, line }) => ({
      subject: path.replace(/\d{2,}/g, "*"),
      severity: path.startsWith("/tmp/") ? ("warning" as const) : ("error" as const),
      what: `it logs to ${path}${nonce ? ", where our own requests stand" : ""}: ${line}`,
      control: "the file grew with our requests, and the word in them occurs nowhere else",
      fix: { text: "log to the standard output; leave files, their rotation and their places to the platform" },
    }));
    return failOr(
      findings,
      "proven",
      pass("it writes no log files", `${requests} requests were made, and ${written} files that it wrote were read`),
    );
  },
};

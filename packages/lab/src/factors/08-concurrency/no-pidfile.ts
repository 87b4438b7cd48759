import { answers, pause } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";
import { writtenText } from "../../sandbox/write-ledger.ts";

interface Evidence {
  readonly files: readonly { readonly type: string; readonly path: string }[];
  readonly types: readonly string[];
}

export const noPidfile: Check<Evidence> = {
  name: "no-pidfile",
  factor: "concurrency",
  claim: "no process writes a PID file",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“processes should never daemonize or write PID files”",
  method: [
    "Each process type is started, and every small file that it wrote is read.",
    "One that holds nothing but the number of one of its own processes is a PID file.",
  ],
  guards: ["The content counts and not the name.", "Below /tmp it is a note: it is gone with the process."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const files: Evidence["files"][number][] = [];
    const { web } = lab.baseline;
    for (const { type } of lab.subject.processes) {
      await using sandbox = await lab.sandbox();
      await using started = await sandbox.start(type);
      if (web && type === web.type) await answers(lab, sandbox, started, web);
      else await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness);
      await pause(200);
      const own = new Set(started.process.tree.map(({ inner }) => String(inner)));
      for (const { path, kind, bytes } of await started.disk.ledger()) {
        if (kind !== "file" || bytes === 0 || bytes > 20) continue;
        const text = (await writtenText(started.disk.folder, path, 32))?.trim() ?? "";
        if (own.has(text)) files.push({ type, path });
      }
    }
    return { files, types: lab.subject.processes.map(({ type }) => type) };
  },

  judge({ files, types }) {
    const findings = files.map(({ type, path }) => ({
      subject: path,
      severity: path.startsWith("/tmp/") ? ("note" as const) : ("warning" as const),
      what: `${type} writes its process number to ${path}`,
      control: "the file holds the number of one of its processes, as that process sees itself",
      fix: {
        text: "leave the PID file out (`pidfile` in puma, `--pid` in gunicorn): the platform knows its processes, and a stale file blocks a start",
      },
    }));
    return failOr(findings, "proven", pass("no PID file was written", `every file that ${types.join(", ")} wrote was read`));
  },
};

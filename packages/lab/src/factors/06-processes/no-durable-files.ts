import { pause, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass } from "../../model/verdict.ts";
import { type Written, writtenText } from "../../sandbox/write-ledger.ts";
import { notesWay, write } from "./notes.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly requests: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly grew: boolean; readonly kind: string }[];
  readonly allowed: readonly string[];
}

/** How an SQLite database begins. */
const sqlite = "SQLite format 3";

/** What runtimes and servers write for their own use, and lose without harm: Next.js renders a page again that is not there. */
export const harmless: RegExp =
  /^\/(tmp|run|dev)\/|\/__pycache__\/|\.pyc$|\/\.cache\/|\/(bootsnap|\.next\/(?:cache|server)|node-compile-cache|hsperfdata[^/]*)(\/|$)|^\/home\/app\/\.(config|cache|local)(\/|$)/;

export const noDurableFiles: Check<Evidence> = {
  name: "no-durable-files",
  factor: "processes",
  claim: "nothing that should last is written to the disk",
  kind: "dynamic",
  profile: "standard",
  core: false,
  severity: "warning",
  norm: "“The memory space or filesystem of the process can be used as a brief, single-transaction cache”",
  method: [
    "A web process runs on overlays: whatever it writes, anywhere, is found on their upper side.",
    "What is there after the start is told from what comes with requests: pages are asked and a marker is written, twice.",
    "Files outside of /tmp that come or grow with requests are looked at: databases, uploads, counts. A database counts as soon as it changes.",
  ],
  guards: [
    "Bytecode, caches of runtimes, sockets and all of /tmp are left out; `check.allow-write` names more.",
    "What is written once at the start and never grows is no finding.",
    "Log files are another check's matter.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const allowed = lab.subject.hints.allowWrite;
    if (!web) return { hasWeb: false, requests: 0, files: [], allowed };
    await using sandbox = await lab.sandbox();
    await using started = await startWeb(lab, sandbox, web);
    const { disk, port } = started;
    const look = async (): Promise<Map<string, Written>> =>
      new Map((await disk.ledger()).filter(({ kind }) => kind === "file").map((written) => [written.path, written]));
    const boot = await look();
    let requests = 0;
    const use = async (): Promise<void> => {
      for (const { path } of web.pages.slice(0, 8)) {
        await sandbox.ask({ port, path });
        requests++;
      }
      const way = notesWay(lab);
      if (!("none" in way)) {
        await write(lab, sandbox, started, way.roundtrip);
        requests++;
      }
      await pause(300);
    };
    await use();
    const once = await look();
    await use();
    const twice = await look();
    const files: Evidence["files"][number][] = [];
    for (const [path, now] of twice) {
      const before = boot.get(path);
      if (harmless.test(path) || allowed.some((pattern) => matches(pattern, path)) || before?.modifiedMs === now.modifiedMs) continue;
      const { bytes } = now;
      const text = (await writtenText(disk.folder, path, 512)) ?? "";
      // A database has room in its pages: it takes rows for long before it grows.
      const isMore = before === undefined || bytes > before.bytes || text.startsWith(sqlite);
      if (!isMore || isLog(path, text)) continue;
      files.push({ path, bytes, grew: once.has(path) && bytes > (once.get(path)?.bytes ?? 0), kind: kindOf(text) });
    }
    return { hasWeb: true, requests, files, allowed };
  },

  judge({ hasWeb, requests, files, allowed }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    const findings = files.map(({ path, bytes, grew, kind }) => ({
      subject: path.replace(/\d{2,}|[0-9a-f]{8,}/g, "*"),
      severity: "warning" as const,
      what: `requests write ${kind} to ${path} (${bytes} bytes${grew ? ", and it grows" : ""})`,
      control: "before the requests it was not there, or another",
      fix: { text: "keep it in a backing service: a database, or object storage for files; /tmp is for the length of one request" },
    }));
    const also = allowed.length > 0 ? ` (allowed: ${allowed.join(", ")})` : "";
    return failOr(
      findings,
      "proven",
      pass(`requests write nothing that should last${also}`, `${requests} requests were made, and every file that was written is known`),
    );
  },
};

function kindOf(text: string): string {
  if (text.startsWith(sqlite)) return "an SQLite database";
  if (text.startsWith("\x89PNG") || text.startsWith("\xff\xd8\xff") || text.startsWith("GIF8")) return "an image";
  return /^\s*[[{]/.test(text) ? "JSON" : "a file";
}

function isLog(path: string, text: string): boolean {
  return /\.log(\.\d+)?$|\/logs?\//.test(path) && !text.startsWith(sqlite);
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(path);
}

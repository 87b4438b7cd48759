import { canaryMark } from "../../discover/value.ts";
import { pause, startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass } from "../../model/verdict.ts";
import { argumentsOf } from "../../sandbox/tree.ts";
import { writtenText } from "../../sandbox/write-ledger.ts";
import { notesWay, write } from "../06-processes/notes.ts";

interface Evidence {
  readonly secrets: readonly string[];
  readonly answers: number;
  readonly lines: number;
  readonly leaks: readonly {
    readonly variable: string;
    readonly where: "answer" | "output" | "arguments" | "file";
    readonly place: string;
  }[];
}

/** Pages that tell more than they should, where they are left on. */
const telling = ["/debug", "/env", "/config", "/actuator/env", "/debug/vars", "/_debug", "/phpinfo.php", "/info", "/status"];

export const canaryLeak: Check<Evidence> = {
  name: "canary-leak",
  factor: "config",
  claim: "secrets stay where they belong",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“could be made open source at any moment, without compromising any credentials”",
  method: [
    "Every secret variable gets a value that exists nowhere else; passwords of the services count too.",
    "Pages are asked, and pages that often tell too much; then what breaks: a path that is not there, a body that is no JSON, requests while the services are cut off.",
    "Answers, output, arguments of processes and files that were written are searched for the values, as they are and in base64, hexadecimal and URL form.",
  ],
  guards: [
    "A connection to a service carries its password by its nature, and is not looked at.",
    "Variables whose names say that they are public, such as NEXT_PUBLIC_, are left out.",
  ],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const type = web?.type ?? lab.subject.processes[0]?.type;
    const own = lab.subject.variables.filter(
      ({ secret, value, name }) => secret && value.startsWith(canaryMark) && !/PUBLIC_|^VITE_|^REACT_APP_/.test(name),
    );
    await using sandbox = await lab.sandbox();
    const secrets = new Map([
      ...own.map(({ name, value }) => [name, value] as const),
      ...sandbox.services.map(({ need, url }) => [need.variable, decodeURIComponent(new URL(url).password)] as const),
    ]);
    if (type === undefined || secrets.size === 0) return { secrets: [], answers: 0, lines: 0, leaks: [] };
    const leaks: Evidence["leaks"][number][] = [];
    const look = (text: string, where: Evidence["leaks"][number]["where"], place: string): void => {
      for (const [variable, value] of secrets) if (forms(value).some((form) => text.includes(form))) leaks.push({ variable, where, place });
    };
    await using started = web ? await startWeb(lab, sandbox, web) : await sandbox.start(type);
    const { port, process, disk } = started;
    let count = 0;
    if (web) {
      const asks = [
        ...[...web.pages.map(({ path }) => path), ...telling, "/douze-is-not-there"].map((path) => ({ port, path })),
        { port, path: web.pages[0]?.path ?? "/", method: "POST", headers: { "content-type": "application/json" }, body: "{not json" },
      ];
      const askAll = async (): Promise<void> => {
        for (const request of asks) {
          const answer = await sandbox.ask({ ...request, timeoutMs: 5_000 });
          count++;
          if (answer.ok)
            look(`${JSON.stringify(answer.headers)}\n${answer.body}`, "answer", `${"method" in request ? "POST" : "GET"} ${request.path}`);
        }
      };
      const way = notesWay(lab);
      if (!("none" in way)) await write(lab, sandbox, started, way.roundtrip);
      await askAll();
      if (sandbox.services.length > 0) {
        for (const service of sandbox.services) await service.fault({ mode: "cut" });
        await askAll();
      }
    } else await process.until(() => process.end !== undefined, 2_000);
    await pause(200);
    for (const { text } of process.lines) look(text, "output", "output");
    for (const { pid, name } of process.tree) look(argumentsOf(pid).join(" "), "arguments", name);
    for (const { path, kind } of await disk.ledger())
      if (kind === "file") look((await writtenText(disk.folder, path, 1 << 20)) ?? "", "file", path);
    return { secrets: [...secrets.keys()], answers: count, lines: process.lines.length, leaks };
  },

  judge({ secrets, answers, lines, leaks }) {
    if (secrets.length === 0) return inapplicable("the app has no secret variables");
    const seen = new Map<string, Finding>();
    for (const { variable, where, place } of leaks) {
      const key = `${variable} in ${where === "output" ? "the output" : place}`;
      if (seen.has(key)) continue;
      seen.set(key, {
        subject: key,
        severity: where === "answer" || where === "output" ? "error" : "warning",
        what: `the value of ${variable} is in ${where === "answer" ? `the answer to ${place}` : where === "output" ? "the output" : where === "arguments" ? `the arguments of ${place}, which everybody on the machine can read` : place}`,
        control: "the value was made up for this run and exists nowhere else",
        fix: {
          text:
            where === "answer"
              ? "let no page show the environment, and errors no more than their kind"
              : where === "output"
                ? "do not log config or connection strings"
                : "pass it by the environment alone",
        },
      });
    }
    return failOr(
      [...seen.values()],
      "proven",
      pass(
        "no secret was seen outside",
        `${secrets.length} secrets (${secrets.join(", ")}) were searched for in ${answers} answers and ${lines} lines`,
      ),
    );
  },
};

function forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  // Without its last characters: in base64 they depend on what comes next.
  return [
    ...new Set([value, encodeURIComponent(value), bytes.toString("base64").replace(/=+$/, "").slice(0, -1), bytes.toString("hex")]),
  ].filter((form) => form.length >= 5);
}

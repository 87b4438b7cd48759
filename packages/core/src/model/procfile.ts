import type { AppName } from "./ids.ts";
import { type Flaw, flawed } from "./issues.ts";
import type { Manifest, ProcessDeclaration } from "./manifest.ts";

const hour = 3_600_000;

/**
 * Reads a Procfile: lines `type: command`, `#` and `//` comments, CRLF and a byte order mark allowed. What foreman would skip in
 * silence is refused, since a line that is skipped is a process that never starts.
 *
 * @throws Problem procfile-invalid - a duplicate type, a line that is no declaration, or marks of a merge; with every line
 */
export function procfile(text: string, file: string, app: AppName): Manifest {
  const wrong: Flaw[] = [];
  const commands = new Map<string, { command: string; line: number }>();
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const place = { file, line, column: 1 };
    const content = raw.trim();
    if (content === "" || content.startsWith("#") || content.startsWith("//")) continue;
    if (/^(<{7}|={7}|>{7}|\|{7})( |$)/.test(content)) {
      wrong.push({ place, text: "a mark of a merge that was not finished: resolve the conflict" });
      continue;
    }
    const [, type, command] = /^([A-Za-z0-9_-]{1,63}):\s*(.+)$/.exec(content) ?? [];
    if (type === undefined || command === undefined) {
      wrong.push({ place, text: `expected \`type: command\`, such as \`web: node web.js\`, and found \`${content.slice(0, 40)}\`` });
      continue;
    }
    const before = commands.get(type);
    if (before) wrong.push({ place, text: `\`${type}\` is declared a second time: it stands on line ${before.line} already` });
    else commands.set(type, { command, line });
  }
  if (wrong.length === 0 && commands.size === 0)
    wrong.push({ place: { file, line: 1, column: 1 }, text: "expected at least one line `type: command`, such as `web: node web.js`" });
  if (wrong.length > 0) throw flawed("procfile-invalid", file, wrong);
  const task = commands.get("release");
  return {
    app,
    source: "Procfile",
    build: {},
    processes: Object.fromEntries(
      [...commands].filter(([type]) => type !== "release").map(([type, { command }]) => [type, process(type, command)]),
    ),
    ...(task && { release: { command: task.command, timeoutMs: hour, on: "release" } }),
    cron: {},
    resources: {},
    config: {},
  };
}

/** Of all types only `web` runs without being scaled first, as on Heroku. */
function process(type: string, command: string): ProcessDeclaration {
  return { command, scale: type === "web" ? 1 : 0, graceMs: 30_000, bootMs: 60_000, settleMs: 1_000, routed: type === "web" };
}

import type { AppName } from "./ids.ts";
import { type Flaw, flawed } from "./issues.ts";
import type { Manifest, ProcessDeclaration } from "./manifest.ts";
import { reservedType } from "./manifest-contradictions.ts";
import { isInherited } from "./variable.ts";

const hour = 3_600_000;

/**
 * Reads a Procfile: lines `type: command`, `#` and `//` comments, CRLF and a byte order mark allowed. What foreman would skip in
 * silence is refused, since a line that is skipped is a process that never starts.
 *
 * @throws Problem procfile-invalid - a duplicate type, a line that is no declaration, or marks of a merge; with every line
 */
export function procfile(text: string, file: string, app: AppName): Manifest {
  const wrong: Flaw[] = [];
  const commands = new Map<string, { readonly command: string; readonly line: number }>();
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === "" || content.startsWith("#") || content.startsWith("//")) continue;
    const read = declaration(content);
    const before = typeof read === "string" ? undefined : commands.get(read.type);
    if (typeof read === "string") wrong.push({ place: { file, line, column: 1 }, text: read });
    else if (before)
      wrong.push({
        place: { file, line, column: 1 },
        text: `\`${read.type}\` is declared a second time: it stands on line ${before.line} already`,
      });
    else commands.set(read.type, { command: read.command, line });
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

/** A line's declaration; or, as a text, what is wrong with it. Never quotes what stands behind a colon or `=`: it may be a secret. */
function declaration(content: string): { readonly type: string; readonly command: string } | string {
  if (/^(<{7}|={7}|>{7}|\|{7})( |$)/.test(content)) return "a mark of a merge that was not finished: resolve the conflict";
  const [, type = "", command = ""] = /^([^\s:=]+):\s*(.*)$/.exec(content) ?? [];
  if (type === "") return "expected `type: command`, such as `web: node web.js`";
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(type) || isInherited(type))
    return `\`${type.slice(0, 80)}\` cannot be a process type: allowed are letters, digits, \`_\` and \`-\`, at most 63`;
  const reserved = type === "release" ? undefined : reservedType(type);
  if (reserved) return `\`${type}\`: ${reserved}`;
  if (command === "") return `\`${type}\` has no command`;
  return command.includes("\0") ? `\`${type}\`: its command holds a NUL byte` : { type, command };
}

/** Of all types only `web` runs without being scaled first, as on Heroku. */
function process(type: string, command: string): ProcessDeclaration {
  return { command, scale: type === "web" ? 1 : 0, graceMs: 30_000, bootMs: 60_000, settleMs: 1_000, routed: type === "web" };
}

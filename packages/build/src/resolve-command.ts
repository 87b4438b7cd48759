import type { PackageJson } from "./node-plan.ts";

export interface ResolvedCommand {
  readonly command: string;
  /** Why it was left as it was. */
  readonly note?: string;
}

const runner = /^(npm|pnpm|yarn)(?:\s+(?:run|run-script))?\s+([A-Za-z0-9:_-]+)(?:\s+--\s+(.*)|\s+([^-].*))?$/;
/** Words after `npm`, `yarn` or `pnpm` that are no script. */
const verbs = new Set(["ci", "install", "i", "exec", "x", "dlx", "publish", "pack", "add", "init", "create", "node"]);

/**
 * `npm start` and its like as the script behind them: a package manager in between would swallow SIGTERM and answer for the
 * script with an exit code of its own.
 *
 * Scripts before and after (`prestart`) cannot be kept without a shell that waits, so such a command is left as it is.
 */
export function resolveCommand(command: string, { scripts = {} }: PackageJson, depth = 0): ResolvedCommand {
  const [, tool, script, afterDashes, after] = runner.exec(command.trim()) ?? [];
  if (tool === undefined || script === undefined || verbs.has(script)) return { command };
  const text = scripts[script] ?? (script === "start" && tool === "npm" ? "node server.js" : undefined);
  if (text === undefined) return { command };
  if (scripts[`pre${script}`] !== undefined || scripts[`post${script}`] !== undefined) {
    return { command, note: `\`${command}\` has scripts before or after it, so ${tool} stays in between and may swallow signals` };
  }
  if (depth > 5) return { command, note: `\`${command}\` calls itself` };
  const rest = afterDashes ?? after;
  const line = rest === undefined ? text : `${text} ${rest}`;
  return resolveCommand(line, { scripts }, depth + 1);
}

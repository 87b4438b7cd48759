import { flagOf, type Task } from "./task.ts";

/** What a program can be asked to be, for a terminal. Pure. */
export function helpText(program: string, processes: readonly string[], tasks: Readonly<Record<string, Task>>): string {
  const lines = [`Usage: ${program} [process…]`, `       ${program} <task> [arguments]`, "", "Processes (all of them when none is named):"];
  lines.push(...processes.map((name) => `  ${name}`), "", "Tasks:");
  const width = Math.max(0, ...Object.keys(tasks).map((name) => name.length));
  for (const [name, { description, args }] of Object.entries(tasks)) {
    lines.push(`  ${name.padEnd(width)}  ${description}`.trimEnd());
    for (const [argument, each] of Object.entries(args)) {
      const kind = each.type === "boolean" ? "" : ` <${each.values?.join("|") ?? each.type ?? "string"}>`;
      const notes = [each.description, each.required && "(required)", each.default !== undefined && `(default: ${each.default})`];
      lines.push(`  ${"".padEnd(width)}    --${flagOf(argument)}${kind}  ${notes.filter(Boolean).join(" ")}`.trimEnd());
    }
  }
  lines.push("", "Config is read from the environment; `--print-config=table` lists it.");
  return `${lines.join("\n")}\n`;
}

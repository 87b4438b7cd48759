import type { ConfigView, ConfigWhy } from "@douze/engine";
import { cellText, type Paper, table, timeText } from "./print.ts";

export function printConfig({ line, aside }: Paper, list: readonly ConfigView[]): void {
  if (list.length === 0) aside("the current release has no config");
  else
    line(
      table(
        ["KEY", "VALUE", "FROM", "SINCE"],
        list.map(({ key, value, from, since, live }) => [key, shown(value), live ? `${from}, live` : from, `v${since}`]),
      ),
    );
}

/** The value alone, so that a file or a program gets it byte for byte; a person at a terminal gets a line. */
export function printValue({ aside }: Paper, key: string, current: ConfigView | undefined): void {
  if (current?.value !== undefined) {
    process.stdout.write(process.stdout.isTTY ? `${current.value}\n` : current.value);
    return;
  }
  aside(current ? `${key} is secret: its value is not shown` : `${key} has no value`);
  process.exitCode = 1;
}

/** The winner, then what the layers below it say. */
export function printWhy({ line, styled }: Paper, { key, current, layers, description, type, required }: ConfigWhy): void {
  line(`${styled("bold", key)} (${type}${required ? ", required" : ""})${description ? `: ${description}` : ""}`);
  if (current) {
    line(`  ${shown(current.value)}`);
    line(`  from ${current.from} since v${current.since}, set by ${current.by}, ${timeText(current.at)}`);
  } else line("  no value in the current release");
  if (layers.length === 0) return;
  line("  layers, the one that wins first:");
  for (const [index, { from, value, where }] of layers.entries())
    line(`    ${index === 0 ? "→" : " "} ${from.padEnd(9)} ${shown(value)}  (${where})`);
}

function shown(value: string | undefined): string {
  if (value === undefined) return "(secret)";
  const text = cellText(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

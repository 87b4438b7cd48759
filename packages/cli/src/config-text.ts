import type { ConfigView, ConfigWhy } from "@douze/engine";
import { type Paper, table, timeText } from "./print.ts";

export function printConfig({ line, aside }: Paper, list: readonly ConfigView[]): void {
  if (list.length === 0) return aside("the current release has no config");
  line(
    table(
      ["KEY", "VALUE", "FROM", "SINCE"],
      list.map(({ key, value, from, since, live }) => [key, shown(value), live ? `${from}, live` : from, `v${since}`]),
    ),
  );
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
  const text = /[\n\r\t"]/.test(value) ? JSON.stringify(value) : value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

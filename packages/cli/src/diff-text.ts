import type { Change, ReleaseDiff } from "@douze/engine";
import { cellText, type Paper } from "./print.ts";

/** What differs, a line each: `+` added, `-` removed, `~` changed. */
export function printDiff({ line, styled }: Paper, diff: ReleaseDiff): void {
  const { from, to, build, config, attachments, formation, manifest } = diff;
  line(styled("bold", `v${from} → v${to}`));
  const section = (title: string, changes: readonly Change[], quoted: boolean): void => {
    for (const change of changes) line(`  ${title.padEnd(10)} ${styled(styles[change.change], changeText(change, quoted))}`);
  };
  if (build) line(`  ${"build".padEnd(10)} ${styled("yellow", `~ ${buildText(build)}`)}`);
  section("config", config, true);
  section("resource", attachments, false);
  section("formation", formation, false);
  section("manifest", manifest, false);
  const same = !build && [config, attachments, formation, manifest].every((each) => each.length === 0);
  if (same) line("  nothing differs");
}

const signs = { added: "+", removed: "-", changed: "~" } as const;
const styles = { added: "green", removed: "red", changed: "yellow" } as const;

/** @param quoted - values that a person wrote, whose ends should be seen */
function changeText({ name, change, from, to }: Change, quoted: boolean): string {
  const values = [from, to].filter((each) => each !== undefined).map((each) => (quoted ? `"${cellText(each)}"` : cellText(each)));
  return `${signs[change]} ${cellText(name)}${values.length === 0 ? "" : `: ${values.join(" → ")}`}`;
}

/** Commits, where they tell the two apart: a working tree has the commit that it was changed from. */
function buildText({ from, to, fromCommit, toCommit }: NonNullable<ReleaseDiff["build"]>): string {
  const differ = fromCommit !== toCommit;
  return `${(differ && fromCommit?.slice(0, 7)) || short(from)} → ${(differ && toCommit?.slice(0, 7)) || short(to)}`;
}

function short(digest: string): string {
  return digest.slice(0, 19);
}

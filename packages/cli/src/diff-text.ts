import type { Change, ReleaseDiff } from "@douze/engine";
import type { Paper } from "./print.ts";

/** What differs, a line each: `+` added, `-` removed, `~` changed. */
export function printDiff({ line, styled }: Paper, { from, to, build, config, attachments, formation, manifest }: ReleaseDiff): void {
  line(styled("bold", `v${from} → v${to}`));
  const section = (title: string, changes: readonly Change[]): void => {
    for (const change of changes) line(`  ${title.padEnd(10)} ${coloured(change)}`);
  };
  const coloured = ({ name, change, from: before, to: after }: Change): string => {
    const sign = { added: "+", removed: "-", changed: "~" }[change];
    const style = { added: "green", removed: "red", changed: "yellow" } as const;
    const values =
      before === undefined && after === undefined
        ? ""
        : `: ${[before, after]
            .filter((each) => each !== undefined)
            .map((each) => JSON.stringify(each))
            .join(" → ")}`;
    return styled(style[change], `${sign} ${name}${values}`);
  };
  if (build)
    line(
      `  ${"build".padEnd(10)} ${styled("yellow", `~ ${build.fromCommit?.slice(0, 7) ?? short(build.from)} → ${build.toCommit?.slice(0, 7) ?? short(build.to)}`)}`,
    );
  section("config", config);
  section("resource", attachments);
  section("formation", formation);
  section("manifest", manifest);
  const none = !build && [config, attachments, formation, manifest].every((each) => each.length === 0);
  if (none) line("  nothing differs");
}

function short(digest: string): string {
  return digest.slice(0, 19);
}

import { releaseVersion } from "@douze/core/ids";
import type { ReleaseView } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { type Paper, since, table, timeText } from "../print.ts";

export function register(program: Command): void {
  const releases = program
    .command("releases")
    .description("list releases, newest first; or show one")
    .addHelpText(
      "after",
      examples(
        ["douze releases", "the ledger"],
        ["douze releases show v12", "one, with its config"],
        ["douze releases diff v11 v12", "what differs"],
      ),
    )
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const list = (await ask((operations) => operations.releases())).toReversed();
      if (json) return paper.json(list);
      if (list.length === 0) return paper.aside("there is no release yet: `douze up` or `douze deploy` makes the first");
      const now = Date.now();
      paper.line(
        table(
          ["RELEASE", "STATUS", "WHAT", "BY", "AGE"],
          list.map(({ version, status, description, by, createdAt }) => [`v${version}`, status, description, by, since(createdAt, now)]),
        ),
      );
    });
  releases
    .command("show")
    .description("show one release: build, config by key, resources, formation, outcome")
    .argument("<release>", "such as v12")
    .addHelpText("after", examples(["douze releases show v12", "one"], ["douze releases show v12 --json", "for a program"]))
    .action(async (version: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const release = await ask((operations) => operations.release(releaseVersion(version)));
      if (json) paper.json(release);
      else show(paper, release);
    });
  releases
    .command("diff")
    .description("what differs between two releases")
    .argument("<release>", "to compare from, such as v11")
    .argument("<other>", "to compare with, such as v12")
    .addHelpText("after", examples(["douze releases diff v11 v12", "what v12 changed"]))
    .action(async (from: string, to: string, _options, command: Command) => {
      const { printDiff } = await import("../diff-text.ts");
      const { ask, paper, json } = contextOf(command);
      const diff = await ask((operations) => operations.diff(releaseVersion(from), releaseVersion(to)));
      if (json) paper.json(diff);
      else printDiff(paper, diff);
    });
}

function show({ line, styled }: Paper, release: ReleaseView): void {
  const { version, status, description, by, createdAt, build, source, outcome, formation, config, attachments } = release;
  line(`${styled("bold", `v${version}`)} ${status}: ${description}`);
  line(`  made      ${timeText(createdAt)} by ${by}`);
  line(`  build     ${build}`);
  line(`  commit    ${source.commit ?? "none"}${source.dirty ? ", with uncommitted changes" : ""}`);
  if (outcome) line(`  outcome   ${outcome.kind} ${timeText(outcome.at)}${outcome.kind === "failed" ? `: ${outcome.why}` : ""}`);
  line(
    `  formation ${
      Object.entries(formation)
        .map(([type, count]) => `${type}=${count}`)
        .join(" ") || "none"
    }`,
  );
  for (const { resource, as, kind, at } of attachments) line(`  resource  ${resource} as ${as}: ${kind === "embedded" ? "embedded" : at}`);
  if (config.length === 0) return;
  line("");
  line(
    table(
      ["KEY", "VALUE", "FROM", "SINCE"],
      config.map(({ key, value, from, since: first, live }) => [
        key,
        value === undefined ? "(secret)" : oneLine(value),
        live ? `${from}, live` : from,
        `v${first}`,
      ]),
    ),
  );
}

function oneLine(value: string): string {
  const text = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

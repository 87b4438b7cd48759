import type { Formation } from "@douze/core";
import { Problem } from "@douze/core/problem";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { table } from "../print.ts";

export function register(program: Command): void {
  program
    .command("scale")
    .description("set how many processes of a type run; without arguments, show it")
    .argument("[type=count...]", "such as web=3")
    .addHelpText("after", examples(["douze scale web=3 worker=2", "set two types"], ["douze scale", "show the formation"]))
    .action(async (asked: string[], _options, command: Command) => {
      const { ask, paper, json, by } = contextOf(command);
      const formation =
        asked.length === 0
          ? (await ask((operations) => operations.status())).formation
          : await ask((operations) => operations.scale({ formation: formationOf(asked), by }));
      if (json) return paper.json(formation);
      paper.line(
        table(
          ["TYPE", "COUNT"],
          Object.entries(formation).map(([type, count]) => [type, String(count)]),
        ),
      );
    });
}

function formationOf(asked: readonly string[]): Formation {
  return Object.fromEntries(
    asked.map((word) => {
      const match = /^([A-Za-z0-9_-]+)=(\d+)$/.exec(word);
      if (match) return [match[1], Number(match[2])];
      throw new Problem({
        code: "scale-invalid",
        what: `\`${word}\` says neither type nor count`,
        why: "a type and a whole number are wanted, with `=` between them",
        fix: "for example `douze scale web=3 worker=2`",
      });
    }),
  );
}

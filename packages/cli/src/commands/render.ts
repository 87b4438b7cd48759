import { type Command, Option } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";
import type { RenderOptions } from "../rendered.ts";

export function register(program: Command): void {
  program
    .command("render")
    .description("print what a release would be in a cluster; secrets are encrypted to those who can open the inventory")
    .addOption(
      new Option("--format <name>", "how the files are laid out (default: the inventory's, else plain)").choices([
        "plain",
        "kustomize",
        "helm",
        "argocd",
        "flux",
        "compose",
      ]),
    )
    .option("-o, --output <folder>", "write the files there")
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD)")
    .option("--working-tree", "what lies in the folder, committed or not")
    .addHelpText(
      "after",
      examples(
        ["douze render --env production | less", "all objects, in the order in which they are applied"],
        ["douze render --env production --format helm -o build/chart", "a chart of the app"],
        ["douze render --env production --json", "every file, by its path"],
      ),
    )
    .action(async (options: RenderOptions, command: Command) => {
      const { paper, json, env, by, place } = contextOf(command);
      const { filesFor, printFiles } = await import("../rendered.ts");
      const files = await filesFor(await place(), env, { ...options, by }, progressOn(paper));
      if (json) return paper.json({ files: Object.fromEntries(files) });
      await printFiles(files, options.output, paper);
    });
}

import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

interface ImageOptions {
  readonly ref?: string;
  readonly workingTree?: boolean;
  readonly push?: boolean;
  readonly tag?: string;
  readonly output?: string;
}

export function register(program: Command): void {
  program
    .command("image")
    .description("make the container image of a build, without Docker; the same build is the same image")
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD)")
    .option("--working-tree", "what lies in the folder, committed or not")
    .option("--push", "bring it to the `image` of the environment's inventory")
    .option("--tag <name>", "a name beside its digest, with --push")
    .option("-o, --output <folder>", "write it as an OCI layout")
    .addHelpText(
      "after",
      examples(
        ["douze image", "and say its digest"],
        ["douze image --push --env production --tag v2.1", "into the registry"],
        ["douze image --output build/image", "for skopeo, podman or ctr"],
      ),
    )
    .action(async (options: ImageOptions, command: Command) => {
      const { paper, json, env, place } = contextOf(command);
      const { imageOf } = await import("../image-of.ts");
      const made = await imageOf(await place(), env, options, progressOn(paper));
      if (json) paper.json(made);
      else paper.line(made.reference ?? made.digest);
    });
}

import { Argument, type Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import type { Forge } from "../pipeline-text.ts";

export function register(program: Command): void {
  program
    .command("pipeline")
    .description("print a pipeline that releases each commit of a branch to an environment in a cluster")
    .addArgument(new Argument("<forge>", "where it runs").choices(["github", "gitlab", "drone"]))
    .option("--branch <name>", "whose commits are released", "main")
    .option("--write", "write it where the forge looks for it, if nothing is there")
    .addHelpText(
      "after",
      examples(
        ["douze pipeline github --env production", "only look"],
        ["douze pipeline gitlab --env staging --branch develop --write", "as .gitlab-ci.yml"],
      ),
    )
    .action(async (forge: Forge, options: { branch: string; write?: boolean }, command: Command) => {
      const { paper, json, place } = contextOf(command);
      const { pipelineFor, writePipeline } = await import("../pipeline.ts");
      const here = await place();
      const made = await pipelineFor(here, forge, options.branch);
      if (options.write) await writePipeline(here, made);
      if (json) return paper.json(made);
      if (options.write) paper.line(`wrote ${made.path}`);
      else process.stdout.write(made.text);
      paper.aside(`${forge} must know these secrets: ${made.secrets.join(", ")}`);
    });
}

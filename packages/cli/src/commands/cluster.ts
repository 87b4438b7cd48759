import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  const cluster = program
    .command("cluster")
    .description("prepare a Kubernetes cluster for environments that run in it")
    .addHelpText("after", examples(["douze cluster init --env production", "once for each cluster"]));
  cluster
    .command("init")
    .description("make what pods of all environments name: the PriorityClass of the inventory's `priorityClass`")
    .addHelpText("after", examples(["douze cluster init --env production", "in the cluster of that environment; once"]))
    .action(async (_options, command: Command) => {
      const { paper, json, place } = contextOf(command);
      const { prepareCluster } = await import("../open-cluster.ts");
      const made = await prepareCluster(await place(), (text) => paper.aside(text));
      if (json) paper.json({ applied: made });
      else for (const name of made) paper.line(`${name} is there`);
    });
}

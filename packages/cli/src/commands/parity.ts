import type { EnvironmentFacts } from "@douze/core";
import type { Operations } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { currentRelease } from "../current-release.ts";
import { examples } from "../examples.ts";
import { table } from "../print.ts";

export function register(program: Command): void {
  program
    .command("parity")
    .description(
      "show in what two environments differ that should be alike: process types, limits, kind and version of resources, config keys",
    )
    .argument("<one>", "environment")
    .argument("<other>", "environment")
    .option("--exit-code", "1 when they differ")
    .addHelpText(
      "after",
      examples(
        ["douze parity development production", "what may work here and fail there"],
        ["douze parity staging production --exit-code", "in a pipeline"],
      ),
    )
    .action(async (one: string, other: string, { exitCode }: { exitCode?: boolean }, command: Command) => {
      const { paper, json, askIn } = contextOf(command);
      const { disparities } = await import("@douze/core");
      const facts = [];
      for (const name of [one, other]) facts.push(await askIn(name, (operations) => factsOf(name, operations)));
      const found = disparities(...(facts as [EnvironmentFacts, EnvironmentFacts]));
      if (exitCode && found.length > 0) process.exitCode = 1;
      if (json) return paper.json(found);
      if (found.length === 0) return paper.line(`${one} and ${other} are alike`);
      const rows = found.map((each) => [each.kind, each.name, each.one, each.other]);
      paper.line(table(["KIND", "NAME", one.toUpperCase(), other.toUpperCase()], rows));
    });
}

async function factsOf(environment: string, operations: Operations): Promise<EnvironmentFacts> {
  const { processes, config } = await currentRelease(environment, operations, "there is nothing to compare");
  const resources = await operations.resources();
  return {
    processes,
    resources: Object.fromEntries(
      resources.map(({ resource, type, reachable, detail }) => [resource, { type, ...(reachable && { server: detail }) }]),
    ),
    config: Object.fromEntries(config.map(({ key, secret, live }) => [key, { secret, live }])),
  };
}

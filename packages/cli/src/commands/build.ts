import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

interface BuildOptions {
  readonly ref?: string;
  readonly workingTree?: boolean;
}

export function register(program: Command): void {
  program
    .command("build")
    .description("make a build, without a release; one that exists is not built again")
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD)")
    .option("--working-tree", "what lies in the folder, committed or not")
    .addHelpText("after", examples(["douze build", "of HEAD"], ["douze build --working-tree", "of what is there now"]))
    .action(async ({ ref, workingTree = false }: BuildOptions, command: Command) => {
      const [{ build }, { homedir }] = await Promise.all([import("@douze/build"), import("node:os")]);
      const { paper, json, env, place } = contextOf(command);
      const { directory, paths } = await place();
      const end = new AbortController();
      process.once("SIGINT", () => end.abort());
      const tell = progressOn(paper);
      const made = await build({
        directory,
        workingTree,
        store: paths.builds,
        cache: paths.cache,
        onProgress: ({ kind, text }) => tell({ stage: kind === "stage" ? "build" : "output", text }),
        signal: end.signal,
        path: env["PATH"] ?? "/usr/bin:/bin",
        home: env["HOME"] ?? homedir(),
        ...(ref !== undefined && { ref }),
      });
      if (json) paper.json({ ...made.build, tree: made.tree, reused: made.reused });
      else paper.line(`${made.build.digest}${made.reused ? " (it existed)" : ""}`);
    });
}

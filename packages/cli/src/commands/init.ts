import { access, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Problem } from "@douze/core";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("init")
    .description("write a douze.yaml from what is found, each line explained")
    .option("--print", "print it in place of writing it")
    .addHelpText("after", examples(["douze init", "in the app's folder"], ["douze init --print", "only look"]))
    .action(async (options: { print?: boolean }, command: Command) => {
      const { initManifest } = await import("@douze/build");
      const { paper } = contextOf(command);
      const folder = resolve(command.optsWithGlobals<{ dir?: string }>().dir ?? process.cwd());
      const text = await initManifest(folder);
      if (options.print) return void process.stdout.write(text);
      const file = join(folder, "douze.yaml");
      if (await exists(file)) {
        throw new Problem({
          code: "file-exists",
          what: `${file} is there already`,
          why: "it is not overwritten",
          fix: "`douze init --print` shows what would be written",
        });
      }
      await writeFile(file, text, { flag: "wx" });
      paper.line(`wrote ${file}; read it, then \`douze up\``);
    });
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

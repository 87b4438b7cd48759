import { spawn } from "node:child_process";
import { Problem } from "@douze/core/problem";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("open")
    .description("open the app in a browser")
    .argument("[path]", "a path of it", "/")
    .addHelpText("after", examples(["douze open", "its first page"], ["douze open /admin", "another one"]))
    .action(async (path: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const { addresses, environment } = await ask((operations) => operations.status());
      const [address] = addresses;
      if (address === undefined) throw nowhere(environment);
      const url = new URL(path, address).href;
      if (json) return paper.json({ url });
      paper.line(url);
      // A browser is the user's: it outlives this command, and where there is none the address is enough.
      const opener = process.platform === "darwin" ? "open" : "xdg-open";
      spawn(opener, [url], { stdio: "ignore", detached: true })
        .on("error", () => paper.aside(`there is no \`${opener}\` here: open the address by hand`))
        .unref();
    });
}

function nowhere(environment: string): Problem {
  return new Problem({
    code: "engine-not-running",
    what: "there is nothing to open",
    why: `no engine runs in ${environment}`,
    fix: `\`douze up --env ${environment}\` starts one`,
  });
}

import { execFile } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import * as fixed from "../../server/test/support/operations.ts";
import { type App, app } from "./support/app.ts";
import { douze, line } from "./support/douze.ts";

/** What bash offers when these words stand on the line, the last one unfinished. */
async function offered(here: App, words: readonly string[]): Promise<string[]> {
  const bin = join(here.folder, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "douze"), `#!/bin/sh\nexec ${line.join(" ")} "$@"\n`);
  await chmod(join(bin, "douze"), 0o755);
  const script = `source <(douze completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _douze; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
  const { stdout } = await promisify(execFile)("bash", ["-c", script, "bash", "douze", ...words], { cwd: here.folder, env });
  return stdout.split("\n").filter((word) => word !== "");
}

test.for([
  [["re"], ["render", "releases", "restart", "resources"]],
  [["config", "se"], ["set"]],
  [["config", "set", "--from"], ["--from-file"]],
  [["logs", "--fol"], ["--follow"]],
  [["ps", "--js"], ["--json"]],
  [
    ["maintenance", ""],
    ["on", "off", "status"],
  ],
  [
    ["restart", "web.1", ""],
    ["web", "web.1"],
  ],
  [
    ["logs", "-p", ""],
    ["web", "web.1"],
  ],
  [["config", "get", ""], ["GREETING"]],
  [["rollback", ""], ["v12"]],
  [["rollback", "v12", ""], []],
  [["cron", "run", ""], ["report"]],
  [["detach", ""], ["db"]],
  [
    ["--env", ""],
    ["development", "production"],
  ],
  [["run", "--", ""], []],
] as const)("%j offers %j", async ([words, expected]) => {
  await using here = await app();
  await here.answers();
  await mkdir(join(here.folder, "inventory"));
  await writeFile(join(here.folder, "inventory", "production.yaml"), "");

  expect(await offered(here, words)).toEqual(expected);
});

test("names come from the environment that the line names, and none where no engine runs", async () => {
  await using here = await app();
  await here.answers({ config: async () => [{ ...fixed.greeting, key: "ONLY_STAGING" }] }, "staging");

  expect(await offered(here, ["-e", "staging", "config", "get", ""])).toEqual(["ONLY_STAGING"]);
  expect(await offered(here, ["config", "get", ""])).toEqual([]);
});

test("a name that a shell would carry out is not offered", async () => {
  await using here = await app();
  await here.answers({ config: async () => [{ ...fixed.greeting, key: "$(touch${IFS}pwned)" }, fixed.greeting] });

  expect(await offered(here, ["config", "get", ""])).toEqual(["GREETING"]);
});

test("zsh and fish have their scripts", async () => {
  await using here = await app();

  const [zsh, fish] = await Promise.all([
    douze(["completion", "zsh"], { in: here.folder }),
    douze(["completion", "fish"], { in: here.folder }),
  ]);

  expect(zsh.stdout).toContain("#compdef douze");
  expect(fish.stdout).toContain("complete -c douze -n '__fish_seen_subcommand_from logs' -s f -l follow");
});

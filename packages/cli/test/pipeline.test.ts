import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { binaries } from "../../kubernetes/test/support/cluster.ts";
import { pipeline } from "../src/pipeline-text.ts";

const plain = {
  app: "shop",
  environment: "production",
  branch: "main",
  registry: "registry.example.org:5000",
  encrypted: false,
  version: "1.2.3",
};
const actionlint = join(binaries, "actionlint");
if (!existsSync(actionlint)) console.log("skipped, without actionlint: `node tools/cluster/build.mjs` builds it");

test.each(["github", "gitlab", "drone"] as const)("a pipeline of %s asks for what it uses, and for nothing else", (forge) => {
  for (const input of [plain, { ...plain, encrypted: true }, { ...plain, folder: "deploy/production" }]) {
    const { text, secrets } = pipeline(forge, input);
    expect(parse(text)).toBeTypeOf("object");
    const used = [...text.matchAll(/(?:secrets\.|\$|from_secret: )([A-Z]+(?:_[A-Z]+)+)\b/g)].map(([, name]) => name ?? "");
    const given = ["CI_COMMIT_BRANCH", "CI_COMMIT_AUTHOR", "CI_SERVER_HOST", "CI_PROJECT_PATH"];
    const own = [...new Set(used)].filter((name) => !given.includes(name)).sort();
    // GitLab gives a job all that it was told.
    expect(own).toEqual([...secrets].filter((name) => forge !== "gitlab" || name !== "SOPS_AGE_KEY").sort());
    expect(text).toContain("npx --yes douze@1.2.3 deploy --env production");
    // A release that is committed is no reason for the next one.
    if ("folder" in input) expect(text).toMatch(/paths-ignore: \["deploy\/production\/\*\*"\]|pipeline@localhost/);
  }
});

test.skipIf(!existsSync(actionlint))("actionlint finds nothing in a pipeline of github, and would find a misspelt key", () => {
  const lint = (text: string): string => execFileSync(actionlint, ["-"], { input: text, encoding: "utf8", stdio: "pipe" });
  for (const input of [
    { ...plain, encrypted: true },
    { ...plain, folder: "deploy/production" },
  ])
    expect(lint(pipeline("github", input).text)).toBe("");
  expect(() => lint(pipeline("github", plain).text.replace("runs-on", "run-on"))).toThrow();
});

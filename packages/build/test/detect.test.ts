import type { Problem } from "@douze/core";
import { describe, expect, test } from "vitest";
import { detect } from "../src/detect.ts";
import type { Facts } from "../src/facts.ts";
import { resolveCommand } from "../src/resolve-command.ts";

const facts = (texts: Record<string, string>, ...names: string[]): Facts => ({ names: new Set([...Object.keys(texts), ...names]), texts });
const node = (json: object, ...names: string[]): Facts => facts({ "package.json": JSON.stringify(json) }, ...names);
const commands = (found: Facts): string[] => detect(found, {}, false).steps.map(({ title }) => title);

describe("detect", () => {
  test.each<[string, Facts, string, string[]]>([
    ["Ruby before Node", facts({ Gemfile: "", "package.json": "{}" }), "ruby", ["node"]],
    ["Node before Python", facts({ "package.json": "{}" }, "manage.py"), "node", ["python"]],
    ["Python before Go", facts({ "go.mod": "module a" }, "requirements.txt"), "python", ["go"]],
    ["a static site last", facts({}, "index.html"), "static", []],
  ])("%s", (_name, found, language, others) => {
    expect(detect(found, {}, false)).toMatchObject({ language, others });
  });

  test("builds nothing where a Procfile says what to run, and refuses where nothing does", () => {
    expect(detect(facts({}, "serve.sh"), {}, true)).toMatchObject({ language: "none", steps: [] });
    expect(() => detect(facts({}, "notes.md"), {}, false)).toThrow(
      expect.objectContaining<Partial<Problem>>({ code: "build-undetectable" }),
    );
  });

  test("takes the manifest's word for the language, and runs its command last", () => {
    const plan = detect(node({ dependencies: {} }), { language: "none", command: "make" }, false);
    expect(plan).toMatchObject({ language: "none", others: ["node"] });
    expect(plan.steps.map(({ command }) => command)).toEqual(["make"]);
  });

  test.each<[string, Facts, string]>([
    ["no lock file", node({ dependencies: { a: "1" } }), "lock-missing"],
    ["two lock files of Node", node({}, "yarn.lock", "package-lock.json"), "lock-ambiguous"],
    ["two lock files of Python", facts({}, "requirements.txt", "uv.lock"), "lock-ambiguous"],
    ["a pyproject that pins nothing", facts({ "pyproject.toml": "[project]\ndependencies = ['flask']" }), "lock-missing"],
  ])("refuses %s", (_name, found, code) => {
    expect(() => detect(found, {}, false)).toThrow(expect.objectContaining<Partial<Problem>>({ code: code as Problem["code"] }));
  });

  test("installs with dev dependencies, builds, and prunes, with heroku-postbuild in the place of build", () => {
    const scripts = { build: "tsc", "heroku-postbuild": "webpack", "heroku-prebuild": "x", "heroku-cleanup": "y" };
    expect(commands(node({ scripts }, "package-lock.json"))).toEqual([
      "npm run heroku-prebuild",
      "npm ci",
      "npm run heroku-postbuild",
      "npm prune",
      "npm run heroku-cleanup",
    ]);
    expect(commands(node({ scripts: { build: "tsc" } }, "pnpm-lock.yaml"))).toEqual(["pnpm install", "pnpm run build", "pnpm prune"]);
    expect(commands(node({ packageManager: "yarn@4.1.0" }, "yarn.lock"))).toEqual(["yarn install"]);
    expect(commands(node({}))).toEqual([]);
  });

  test.each<[Facts, object]>([
    [node({ engines: { node: ">=20" } }), { name: "node", range: ">=20", from: "engines.node in package.json" }],
    [facts({ "package.json": "{}", ".nvmrc": "v22.1.0\n" }), { name: "node", range: "22.1.0", from: ".nvmrc" }],
    [facts({ "package.json": "{}", ".nvmrc": "lts/iron" }), { name: "node", from: ".nvmrc" }],
    [
      facts({ "package.json": "{}", ".tool-versions": "ruby 3.3\nnodejs 22.2.0" }),
      { name: "node", range: "22.2.0", from: ".tool-versions" },
    ],
    [facts({ ".python-version": "3.11" }, "requirements.txt"), { name: "python", range: "3.11", from: ".python-version" }],
    [facts({ "runtime.txt": "python-3.12.1" }, "requirements.txt"), { name: "python", range: "3.12.1", from: "runtime.txt" }],
    [
      facts({ "pyproject.toml": 'requires-python = ">=3.10,<4"' }, "uv.lock"),
      { name: "python", range: ">=3.10 <4", from: "requires-python in pyproject.toml" },
    ],
    [facts({ "go.mod": "module x/y\n\ngo 1.22\n" }), { name: "go", range: ">=1.22", from: "go.mod" }],
  ])("reads the pinned version %#", (found, runtime) => {
    expect(detect(found, {}, false).runtime).toEqual(runtime);
  });

  test("gives a web process where the language knows one", () => {
    expect(detect(node({ scripts: { start: "node a.js" } }), {}, false).processes).toEqual({ web: "npm start" });
    expect(detect(facts({ "go.mod": "module example.org/shop/v2" }), {}, false).processes).toEqual({ web: "bin/shop" });
    expect(detect(facts({ Gemfile: "", "Gemfile.lock": "    railties (7.1)\n" }), {}, false).processes).toMatchObject({
      web: expect.stringContaining("rails server"),
    });
  });
});

describe("resolveCommand", () => {
  const scripts = {
    start: "node web.js",
    worker: "npm run start:worker",
    "start:worker": "node worker.js",
    build: "tsc",
    prebuild: "rm -r dist",
    loop: "npm run loop",
  };
  test.each([
    ["npm start", "node web.js"],
    ["npm run worker", "node worker.js"],
    ["yarn worker", "node worker.js"],
    ["pnpm run start:worker -- --fast", "node worker.js --fast"],
    ["npm run unknown", "npm run unknown"],
    ["npm ci", "npm ci"],
    ["node web.js", "node web.js"],
    ["npm run build && node web.js", "npm run build && node web.js"],
  ])("%s is %s", (command, resolved) => {
    expect(resolveCommand(command, { scripts }).command).toBe(resolved);
  });

  test("leaves a script with a companion, and one that calls itself, and says so", () => {
    expect(resolveCommand("npm run build", { scripts })).toMatchObject({
      command: "npm run build",
      note: expect.stringContaining("before or after"),
    });
    expect(resolveCommand("npm run loop", { scripts })).toMatchObject({ note: expect.stringContaining("calls itself") });
  });

  test("knows npm's own default", () => {
    expect(resolveCommand("npm start", {}).command).toBe("node server.js");
  });
});

import { expect, test } from "vitest";
import { type LockState, lockStates } from "../../src/factors/02-dependencies/locks.ts";

function look(files: Readonly<Record<string, string>>, tracked: readonly string[] = Object.keys(files)): readonly LockState[] {
  return lockStates(new Map(Object.entries(files)), new Set(tracked));
}

const npm = (
  dependencies: Readonly<Record<string, string>>,
  locked = dependencies,
  lock = "package-lock.json",
): Record<string, string> => ({
  "package.json": JSON.stringify({ dependencies }),
  [lock]: JSON.stringify({ packages: { "": { dependencies: locked } } }),
});

test.for([
  ["nothing that declares dependencies", {}],
  ["a manifest without any", { "package.json": "{}" }],
  ["a manifest that cannot be read", { "package.json": "{" }],
  ["a pyproject without dependencies", { "pyproject.toml": '[project]\nname = "a"\n' }],
  ["requirements that are a comment", { "requirements.txt": "# none\n-r other.txt\n" }],
  ["a go.mod without modules", { "go.mod": "module example.com/a\n\ngo 1.24\n" }],
] as const)("%s is nothing to look at", ([, files]) => {
  expect(look(files)).toEqual([]);
});

test.for([
  ["package-lock.json", npm({ express: "^5.1.0" })],
  ["npm-shrinkwrap.json", npm({ express: "^5.1.0" }, undefined, "npm-shrinkwrap.json")],
  [
    "yarn.lock",
    { "package.json": '{"dependencies":{"@a/b":"^1","c":"^1"}}', "yarn.lock": '"@a/b@^1", "@a/b@^1.2":\n  version "1.2.0"\n\nc@^1:\n' },
  ],
  [
    "pnpm-lock.yaml",
    {
      "package.json": '{"dependencies":{"a":"^1"}}',
      "pnpm-lock.yaml": "importers:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.2.0\n",
    },
  ],
  [
    "requirements with exact versions",
    { "requirements.txt": "flask==3.1.0 \\\n    --hash=sha256:ab\nuvicorn[standard]==0.35.0 ; python_version > '3'\n" },
  ],
  ["an archive with its digest", { "requirements.txt": `a @ https://example.test/a.whl#sha256=${"a".repeat(64)}\n` }],
  ["uv.lock", { "pyproject.toml": 'dependencies = [\n  "Flask_Login>=0.6",\n]\n', "uv.lock": '[[package]]\nname = "flask-login"\n' }],
  [
    "poetry.lock",
    { "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.13"\nflask = "^3"\n', "poetry.lock": '[[package]]\nname = "flask"\n' },
  ],
  ["Gemfile.lock", { Gemfile: `gem "puma", "~> 6"\n  gem 'rack'\n`, "Gemfile.lock": "DEPENDENCIES\n  puma (~> 6)\n  rack!\n" }],
  [
    "go.sum",
    { "go.mod": "require (\n\tgithub.com/a/b v1.2.3\n)\n", "go.sum": "github.com/a/b v1.2.3 h1:x=\ngithub.com/a/b v1.2.3/go.mod h1:y=\n" },
  ],
  [
    "a go.mod that excludes, retracts, replaces and remarks",
    {
      "go.mod": [
        "module example.com/a",
        "go 1.24",
        'require "github.com/a/b" v1.2.3 // indirect',
        "require (",
        "\t// github.com/old/old v1.0.0",
        "\tgithub.com/own/part v0.0.0",
        "\tgithub.com/up/stream v1.0.0",
        ")",
        "exclude github.com/a/b v1.2.2",
        "exclude (",
        "\tgithub.com/c/d v1.0.0",
        ")",
        "retract (",
        "\tv1.0.1",
        ")",
        "replace github.com/own/part => ./part",
        "replace (",
        "\tgithub.com/up/stream v1.0.0 => github.com/our/fork v1.0.1",
        ")",
        "",
      ].join("\n"),
      "go.sum": "github.com/a/b v1.2.3/go.mod h1:y=\ngithub.com/our/fork v1.0.1/go.mod h1:y=\n",
    },
  ],
  ["vendored modules", { "go.mod": "require github.com/a/b v1.2.3\n", "vendor/modules.txt": "" }],
  ["Cargo.lock", { "Cargo.toml": '[dependencies]\nserde = "1"\n', "Cargo.lock": '[[package]]\nname = "serde"\n' }],
  ["a pom with versions", { "pom.xml": "<dependency><artifactId>a</artifactId><version>1.2</version></dependency>" }],
  [
    "a pom whose range stands in a comment",
    { "pom.xml": "<dependency><artifactId>a</artifactId><!-- <version>[1,2)</version> --></dependency>" },
  ],
] as const)("with %s it is exact", ([, files]) => {
  expect(look(files as Record<string, string>)).toMatchObject([{ flaws: [] }]);
  expect(look(files as Record<string, string>)[0]?.dependencies).toBeGreaterThan(0);
});

test.for([
  ["no lock", { "package.json": '{"devDependencies":{"a":"1"}}' }, "lock", "declares 1 dependency, and there is no lock file"],
  ["one that the lock does not have", npm({ a: "^1", b: "^2" }, { a: "^1" }), "b", "is declared, and package-lock.json does not have it"],
  ["one that the lock has otherwise", npm({ a: "^2" }, { a: "^1" }), "a", "package-lock.json has a as ^1, and the manifest as ^2"],
  [
    "one that yarn does not have",
    { "package.json": '{"dependencies":{"b":"^1"}}', "yarn.lock": '"@a/b@^1":\n' },
    "b",
    "yarn.lock does not have it",
  ],
  ["requirements with ranges", { "requirements.txt": "flask>=3 # a comment\n" }, "flask", "no exact version: `flask>=3`"],
  ["a bare name", { "requirements.txt": "flask\n" }, "flask", "no exact version"],
  ["a branch of a repository", { "requirements.txt": "a @ git+https://example.test/a@main\n" }, "a", "no exact version"],
  ["pyproject without a lock", { "pyproject.toml": 'dependencies = ["flask", "redis"]\n' }, "lock", "declares 2 dependencies"],
  [
    "one that uv does not have",
    { "pyproject.toml": 'dependencies = ["flask"]\n', "uv.lock": 'name = "redis"\n' },
    "flask",
    "uv.lock does not have it",
  ],
  ["gems without a lock", { Gemfile: 'gem "puma"\n' }, "lock", "no lock file"],
  [
    "a gem that the lock does not have",
    { Gemfile: 'gem "puma"\ngem "rack"\n', "Gemfile.lock": "DEPENDENCIES\n  rack\n" },
    "puma",
    "does not have it",
  ],
  ["modules without sums", { "go.mod": "require github.com/a/b v1.2.3\n" }, "lock", "no lock file"],
  [
    "another version in go.sum",
    { "go.mod": "require github.com/a/b v1.2.3\n", "go.sum": "github.com/a/b v1.2.2/go.mod h1:y=\n" },
    "github.com/a/b",
    "does not have it",
  ],
  ["a crate without a lock", { "Cargo.toml": '[dependencies]\nserde = "1"\n' }, "lock", "no lock file"],
  [
    "a range in a pom",
    { "pom.xml": "<x/>\n<dependency><artifactId>a</artifactId><version>[1,2)</version></dependency>" },
    "a",
    "no exact version: [1,2)",
  ],
  [
    "a version that moves",
    { "pom.xml": "<dependency><artifactId>a</artifactId><version>1-SNAPSHOT</version></dependency>" },
    "a",
    "1-SNAPSHOT",
  ],
] as const)("%s is a flaw", ([, files, subject, what]) => {
  const [state] = look(files as Record<string, string>);
  expect(state?.flaws).toMatchObject([{ subject, severity: "error", what: expect.stringContaining(what) as string }]);
});

test("a flaw in a file says its line", () => {
  expect(look({ "requirements.txt": "# a\nflask==3.1.0\nredis>=5\n" })[0]?.flaws).toMatchObject([{ subject: "redis", line: 3 }]);
});

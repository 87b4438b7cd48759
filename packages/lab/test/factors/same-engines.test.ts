import { expect, test } from "vitest";
import { sameEngines } from "../../src/factors/10-dev-prod-parity/same-engines.ts";
import type { ServiceNeed } from "../../src/model/subject.ts";
import type { Ruling } from "../../src/model/verdict.ts";
import { labOf } from "../support/codebase.ts";

async function ruling(files: Readonly<Record<string, string>>, services: readonly ServiceNeed[] = []): Promise<Ruling> {
  return sameEngines.judge(await sameEngines.observe(labOf(files, services)));
}

const compose = (image: string): string => `services:\n  db:\n    image: ${image}\n  app:\n    build: .\n`;
const workflow = (image: string): string =>
  `jobs:\n  test:\n    services:\n      db:\n        image: ${image}\n    steps:\n      - run: npm test\n`;
const postgres: ServiceNeed = { name: "db", type: "postgres", variable: "DATABASE_URL", required: true, from: "douze.yaml" };
const django = (engine: string): string => `DATABASES = {"default": {"ENGINE": "django.db.backends.${engine}"}}\n`;

test("without a word on services it does not concern the app", async () => {
  expect(await ruling({ "README.md": "postgres and sqlite" })).toMatchObject({ verdict: "inapplicable" });
});

test("one description for all environments is the same everywhere", async () => {
  expect(await ruling({ "compose.yaml": compose("postgres:17") })).toMatchObject({ verdict: "pass" });
});

test.for([
  [
    "the same image in two files",
    { "compose.yaml": compose("postgres:17"), "compose.prod.yaml": compose("docker.io/library/postgres:17.2") },
  ],
  ["the same in CI", { "compose.yaml": compose("postgres:17"), ".github/workflows/ci.yml": workflow("postgres:17-alpine") }],
  ["two roles", { "compose.yaml": `${compose("postgres:17")}  cache:\n    image: redis:8\n`, "compose.prod.yml": compose("postgres:17") }],
  [
    "another one in a comment",
    { "compose.yaml": `${compose("postgres:17")}  # image: mysql:8\n`, "compose.prod.yaml": compose("postgres:17") },
  ],
  ["what is no YAML", { "compose.yaml": compose("postgres:17"), "compose.prod.yaml": "services: [{{ image }}\n" }],
  ["a version on one side alone", { "compose.yaml": compose("postgres"), "compose.prod.yaml": compose("postgres:17") }],
] as const)("%s is the same everywhere", async ([, files]) => {
  expect(await ruling(files)).toMatchObject({ verdict: "pass" });
});

test("two major versions of one engine are a finding", async () => {
  expect(await ruling({ "compose.yaml": compose("postgres:15"), "compose.prod.yaml": compose("postgres:17") })).toMatchObject({
    verdict: "fail",
    confidence: "inferred",
    findings: [{ subject: "postgres 15 and 17", severity: "warning", where: { file: "compose.prod.yaml", line: 3 } }],
  });
});

test("two kinds of one role are a finding", async () => {
  expect(await ruling({ "shop/settings/dev.py": django("sqlite3"), "shop/settings/prod.py": django("postgresql") })).toMatchObject({
    verdict: "fail",
    findings: [{ subject: "postgres and sqlite", severity: "warning" }],
  });
  const rails = "development:\n  adapter: sqlite3\nproduction:\n  adapter: <%= ENV['X'] %>\n  primary:\n    adapter: postgresql\n";
  expect(await ruling({ "config/database.yml": rails.replace("  adapter: <%= ENV['X'] %>\n", "") })).toMatchObject({
    verdict: "fail",
    findings: [{ subject: "postgres and sqlite", where: { file: "config/database.yml", line: 1 } }],
  });
});

test("what stands in a comment of a settings module is not seen", async () => {
  const commented = `# ${django("sqlite3")}${django("postgresql")}`;
  expect(await ruling({ "shop/settings.py": commented, "compose.yaml": compose("postgres:17") })).toMatchObject({ verdict: "pass" });
});

test("the manifest is held against the rest", async () => {
  expect(await ruling({ "compose.yaml": compose("mysql:8") }, [postgres])).toMatchObject({
    verdict: "fail",
    findings: [{ subject: "mysql and postgres" }],
  });
  // A client library alone says nothing of an environment.
  expect(await ruling({ "compose.yaml": compose("mysql:8") }, [{ ...postgres, from: "a client library" }])).toMatchObject({
    verdict: "pass",
  });
});

test("what tests alone use is a note", async () => {
  expect(await ruling({ "compose.test.yaml": compose("mysql:8"), "compose.yaml": compose("postgres:17") })).toMatchObject({
    verdict: "fail",
    findings: [{ severity: "note" }],
  });
});

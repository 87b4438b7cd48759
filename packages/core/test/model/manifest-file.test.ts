import { manifestFromFiles, Problem } from "@douze/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

function refusal(text: string, name: "douze.yaml" | "Procfile" | "app.json" = "douze.yaml"): Problem {
  const files = name === "app.json" ? { Procfile: "web: x\n", "app.json": text } : { [name]: text };
  try {
    manifestFromFiles(files, "shop");
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was taken");
}
const at = (problem: Problem): string[] => problem.places.map(({ line, column }) => `${line}:${column}`);

describe("douze.yaml", () => {
  test("short forms mean what the long ones say", () => {
    const short = manifestFromFiles(
      {
        "douze.yaml":
          "processes: { web: node web.js }\nrelease: migrate\nresources: { db: postgres, other: postgres }\nconfig: { SIZE: 20, ON: true, NAME: x }\n",
      },
      "shop",
    );
    expect(short).toMatchObject({
      app: "shop",
      processes: { web: { command: "node web.js", scale: 1, graceMs: 30_000, bootMs: 60_000, settleMs: 1_000, routed: true } },
      release: { command: "migrate", on: "release", timeoutMs: 3_600_000 },
      resources: { db: { type: "postgres", as: "DATABASE_URL", required: true }, other: { as: "OTHER_DATABASE_URL" } },
      config: {
        SIZE: { type: "integer", default: "20", required: false },
        ON: { type: "boolean", default: "true" },
        NAME: { type: "string" },
      },
    });
  });

  test.each<[string, string, string, string]>([
    ["an unknown key at the top", "confg: {}\n", "1:1", "did you mean `config`?"],
    ["an unknown key below", "processes:\n  web: { command: x, scael: 2 }\n", "2:22", "did you mean `scale`?"],
    ["a missing command", "processes:\n  web: { scale: 2 }\n", "2:8", "`processes.web.command` is missing"],
    ["a number that is a text", "processes:\n  web: { command: x, scale: two }\n", "2:29", "expected a whole number"],
    ["a length of time without its unit", "processes:\n  web: { command: x, grace: 30 }\n", "2:29", "such as `30s`"],
    ["a grace over an hour", "processes:\n  web: { command: x, grace: 2h }\n", "2:29", "at most 1h"],
    ["a name with a path separator", "processes:\n  ../web: x\n", "2:3", "letters, digits"],
    ["an app with a path separator", "app: ../shop\n", "1:6", "lower-case letters"],
    ["a key twice", "processes:\n  web: a\n  web: b\n", "3:3", "stands here twice, on line 2 too"],
    ["live and secret", "config:\n  A: { live: true, secret: true, default: x }\n", "2:3", "live and secret"],
    ["a default of another type", "config:\n  A: { type: integer, default: x }\n", "2:32", "a whole number"],
    ["a variable of the platform", "config:\n  PORT: 80\n", "2:3", "the platform sets PORT itself"],
    ["two that set one variable", "resources: { db: postgres }\nconfig:\n  DATABASE_URL: x\n", "1:14", "both set DATABASE_URL"],
    ["an unknown resource", "resources: { db: postgress }\n", "1:18", "did you mean `postgres`?"],
    ["a schedule of four fields", 'cron: { a: { command: x, schedule: "0 3 * *" } }\n', "1:36", "five fields"],
    ["an enum without values", "config:\n  A: { type: enum, default: x }\n", "2:3", "needs `values:`"],
    ["the release task among the processes", "processes: { release: x }\n", "1:14", "stands beside"],
    ["several documents", "app: a\n---\napp: b\n", "2:1", "more than one document"],
    ["what is no YAML", "app: [\n", "2:1", ""],
  ])("%s is refused at its place", (_name, text, place, words) => {
    const problem = refusal(text);
    expect(problem).toMatchObject({ code: "manifest-invalid" });
    expect(at(problem)).toContain(place);
    expect(problem.why).toContain(words);
  });

  test("all flaws are told at once, in the order of the file", () => {
    expect(at(refusal("app: Shop\nprocesses:\n  web: { comand: x }\nfoo: 1\nconfig: { PORT: 1 }\n"))).toEqual([
      "1:6",
      "3:10",
      "4:1",
      "5:11",
    ]);
  });

  test("without processes, it takes those of the Procfile", () => {
    expect(manifestFromFiles({ "douze.yaml": "app: a\n", Procfile: "web: x\nrelease: y\n" }, "b")).toMatchObject({
      app: "a",
      processes: { web: { command: "x" } },
      release: { command: "y" },
    });
  });
});

describe("Procfile", () => {
  test("comments, CRLF and a byte order mark are taken; web runs, others wait to be scaled", () => {
    const manifest = manifestFromFiles(
      { Procfile: "\uFEFF# a comment\r\nweb: node a.js && b\r\n// another\r\nwork-er_2: sleep 1\r\nrelease: migrate\r\n" },
      "shop",
    );
    expect(manifest).toMatchObject({
      source: "Procfile",
      processes: { web: { command: "node a.js && b", scale: 1 }, "work-er_2": { scale: 0, routed: false } },
      release: { command: "migrate" },
    });
  });

  test.each<[string, string, string]>([
    ["a duplicate", "web: a\nweb: b\n", "2:1"],
    ["a line that is none", "web: a\n\nnonsense\n", "3:1"],
    ["marks of a merge", "web: a\n<<<<<<< HEAD\n", "2:1"],
    ["a name with a path separator", "../web: a\n", "1:1"],
    ["an empty file", "\n", "1:1"],
  ])("%s is refused by its line", (_name, text, place) => {
    const problem = refusal(text, "Procfile");
    expect(problem).toMatchObject({ code: "procfile-invalid" });
    expect(at(problem)).toContain(place);
  });
});

describe("app.json", () => {
  test("completes a Procfile", () => {
    const json = {
      name: "x",
      env: { A: "1", B: { description: "b", required: false }, C: { generator: "secret" }, D: {} },
      formation: { web: { quantity: 3 }, worker: { quantity: 2 } },
      addons: ["heroku-postgresql:mini", { plan: "heroku-redis", as: "CACHE" }, "papertrail"],
      scripts: { postdeploy: "seed" },
      cron: [{ command: "report", schedule: "@daily" }],
    };
    expect(manifestFromFiles({ Procfile: "web: x\nworker: y\n", "app.json": JSON.stringify(json) }, "shop")).toMatchObject({
      processes: { web: { scale: 3 }, worker: { scale: 2 } },
      config: {
        A: { default: "1", required: false },
        B: { required: false },
        C: { generate: "secret", secret: true, required: false },
        D: { required: true },
      },
      resources: { postgres: { as: "DATABASE_URL" }, cache: { type: "redis", as: "CACHE_URL" } },
      postdeploy: "seed",
      cron: { "cron-1": { command: "report", schedule: "@daily" } },
    });
  });

  test("an unknown key and a wrong type are refused at their places", () => {
    expect(refusal('{\n  "fromation": {},\n  "env": 3\n}', "app.json")).toMatchObject({
      code: "app-json-invalid",
      places: [
        { line: 2, column: 3 },
        { line: 3, column: 10 },
      ],
    });
  });
});

test.each(["douze.yaml", "Procfile", "app.json"] as const)(
  "whatever %s holds, it is taken or refused, and nothing else happens",
  (name) => {
    const piece = fc.constantFrom(
      "web",
      ": ",
      "\n",
      "  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "&a ",
      "*a",
      '"',
      "'",
      "config",
      "processes",
      "command",
      "#",
      "|",
      "\t",
      "\0",
      "1",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join("")),
        ),
        (text) => {
          try {
            manifestFromFiles(name === "app.json" ? { Procfile: "web: x\n", "app.json": text } : { [name]: text }, "shop");
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
          }
        },
      ),
    );
  },
);

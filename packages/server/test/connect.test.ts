import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core";
import type { Operations, ProgressEvent } from "@douze/engine";
import { connect } from "@douze/server";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import * as fixed from "./support/operations.ts";
import { fixedOperations } from "./support/operations.ts";
import { served } from "./support/served.ts";

const by = "ada@laptop";
const formation = { web: 3 } as Parameters<Operations["scale"]>[0]["formation"];

/** Every operation with what it is called with. A new one without a line here fails the build. */
const everyCall: { readonly [K in keyof Operations]: readonly (readonly unknown[])[] } = {
  status: [[]],
  shutDown: [[]],
  releases: [[]],
  config: [[]],
  processes: [[]],
  resources: [[]],
  cron: [[]],
  runs: [[]],
  drains: [[]],
  scaling: [[]],
  deploy: [
    [{ by }],
    [
      {
        by,
        ref: "feature/ä b",
        build: fixed.build,
        promotedFrom: { environment: "staging", version: 3 },
        workingTree: true,
        flags: { A: "" },
        onlyIfChanged: false,
      },
    ],
  ],
  changeConfig: [[{ set: { GREETING: '¡Hola!\n"\\', EMPTY: "" }, unset: ["OLD"], by }]],
  attach: [[{ resource: "db", by }], [{ resource: "a/b c", url: "postgres://u:p@h/db?x=1", as: "OTHER_URL", by }]],
  detach: [[{ resource: "db", by: "ada & bob@lap top" }]],
  rollbackPreview: [[], [11]],
  rollback: [[{ by }], [{ to: 11, by }]],
  release: [[12]],
  diff: [[11, 12]],
  configKey: [["GREETING"], ["WEIRD/KEY?%"]],
  scale: [[{ formation, by }]],
  restart: [[[]], [["web", "worker.1"]]],
  maintenance: [[true], [false]],
  backup: [["db"]],
  restore: [[{ resource: "db", file: "backups/db.dump" }]],
  cronRuns: [[], ["report"]],
  cronRun: [["report"]],
  runDetached: [[{ command: ["node", "-e", "1 + 1", ""], by }]],
  oneOff: [[{ command: ["bash"], by, pid: 4812 }]],
  oneOffEnded: [
    [{ run: "run.8", outcome: { by: "exit", code: 130 } }],
    [{ run: "run.8", outcome: { by: "signal", signal: "SIGTERM" } }],
    [{ run: "run.8", outcome: { by: "unknown" } }],
  ],
  logs: [
    [{}],
    [{ processes: ["web", "worker.1"], since: 1, until: 2, grep: "a+b&c|d", last: 0, follow: true }],
    [{ processes: ["web"], follow: false }],
  ],
  crashes: [[], ["web.1"]],
};

test.for(Object.entries(everyCall).flatMap(([name, calls]) => calls.map((given) => [name as keyof Operations, given] as const)))(
  "%s(%j) reaches the other end as it was asked and its answer comes back",
  async ([name, given], { signal }) => {
    const called: fixed.Called[] = [];
    const operations = fixedOperations(called);
    await using other = await served(operations);
    const events: ProgressEvent[] = [];
    const ask = async (target: Operations): Promise<unknown> => {
      const last = name === "logs" ? [signal] : hasProgress(name) ? [(event: ProgressEvent) => void events.push(event)] : [];
      const answer = (target[name] as (...given: unknown[]) => unknown)(...given, ...last);
      return name === "logs" ? await collected(answer as AsyncIterable<unknown>) : await answer;
    };

    const answer = await ask(other.api);

    expect(called).toEqual([{ name, given }]);
    const told = events.splice(0);
    expect(answer).toEqual(await ask(operations));
    expect(told).toEqual(events);
    if (hasProgress(name)) expect(told.length).toBeGreaterThan(0);
  },
);

test("a problem is the same problem on this side", async () => {
  const problem = new Problem({
    code: "manifest-invalid",
    what: "douze.yaml cannot be read",
    why: "`web` has no command",
    fix: "write one",
    places: [{ file: "douze.yaml", line: 3, column: 5 }],
    cause: new Error("not for others"),
  });
  await using other = await served({ ...fixedOperations(), status: () => Promise.reject(problem), logs: () => failing(problem) });

  await expect(other.api.status()).rejects.toSatisfy((seen) => seen instanceof Problem && JSON.stringify(seen) === JSON.stringify(problem));
  await expect(collected(other.api.logs({}, AbortSignal.any([])))).rejects.toMatchObject({ code: "manifest-invalid" });
});

test("a problem in the middle of a stream ends it", async () => {
  const problem = new Problem({ code: "release-failed", what: "v13 was given up", why: "web.1 exited", fix: "douze why web.1" });
  const deploy: Operations["deploy"] = async (_, onProgress) => {
    onProgress({ stage: "build", text: "npm ci" });
    throw problem;
  };
  await using other = await served({ ...fixedOperations(), deploy, logs: () => failing(problem, fixed.line) });
  const events: ProgressEvent[] = [];

  await expect(other.api.deploy({ by }, (event) => events.push(event))).rejects.toMatchObject(problem.toJSON());
  expect(events).toEqual([{ stage: "build", text: "npm ci" }]);

  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const line of other.api.logs({}, AbortSignal.any([]))) seen.push(line);
  })();
  await expect(reading).rejects.toMatchObject(problem.toJSON());
  expect(seen).toEqual([fixed.line]);
});

test("a defect tells its caller nothing of what it was, and the engine all", async () => {
  const defects: unknown[] = [];
  const defect = new TypeError("password=hunter2 is undefined");
  await using other = await served(
    { ...fixedOperations(), status: () => Promise.reject(defect) },
    { onDefect: (error) => defects.push(error) },
  );

  const seen = await other.api.status().catch((error: unknown) => error);

  expect(seen).toMatchObject({ code: "engine-defect" });
  expect(JSON.stringify(seen)).not.toContain("hunter2");
  expect(defects).toEqual([defect]);
});

test("nothing listens: engine-not-running, and how to start one", async () => {
  await using folder = await temporaryFolder();

  const asking = connect(join(folder.path, "engine.sock")).status();

  await expect(asking).rejects.toMatchObject({ code: "engine-not-running", fix: expect.stringContaining("douze up") as string });
  expect(await readdir(folder.path)).toEqual([]);
});

test("an engine that ends in the middle of an answer: engine-lost", async () => {
  const begun = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  const deploy: Operations["deploy"] = async (_, onProgress) => {
    onProgress({ stage: "build", text: "npm ci" });
    return await late.promise.then(() => fixed.release);
  };
  await using other = await served({ ...fixedOperations(), deploy, status: () => late.promise.then(() => fixed.status) });
  const deploying = other.api.deploy({ by }, () => begun.resolve());
  const asking = other.api.status();
  await begun.promise;

  await Promise.all([
    expect(deploying).rejects.toMatchObject({ code: "engine-lost" }),
    expect(asking).rejects.toMatchObject({ code: "engine-lost" }),
    other.stop(),
  ]);
  late.resolve();
});

test("a reader that stops following stops the other end", async () => {
  const ended = Promise.withResolvers<void>();
  const logs: Operations["logs"] = async function* (_, signal) {
    yield fixed.line;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended.resolve();
  };
  await using other = await served({ ...fixedOperations(), logs });
  const reading = new AbortController();

  const seen: unknown[] = [];
  for await (const line of other.api.logs({ follow: true }, reading.signal)) {
    seen.push(line);
    reading.abort();
  }

  expect(seen).toEqual([fixed.line]);
  await ended.promise;
});

test("leaving the loop stops the other end too", async () => {
  const ended = Promise.withResolvers<void>();
  const logs: Operations["logs"] = async function* (_, signal) {
    yield fixed.line;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended.resolve();
  };
  await using other = await served({ ...fixedOperations(), logs });

  for await (const line of other.api.logs({ follow: true }, AbortSignal.any([]))) {
    expect(line).toEqual(fixed.line);
    break;
  }

  await ended.promise;
});

test("following ends in order when the engine does", async () => {
  const logs: Operations["logs"] = async function* (_, signal) {
    yield fixed.line;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  await using other = await served({ ...fixedOperations(), logs });

  const seen: unknown[] = [];
  for await (const line of other.api.logs({ follow: true }, AbortSignal.any([]))) {
    seen.push(line);
    await other.stop();
  }

  expect(seen).toEqual([fixed.line]);
});

test("many long lines come whole, in order, and no faster than they are read", async () => {
  const count = 3000;
  let made = 0;
  const logs: Operations["logs"] = async function* () {
    for (; made < count; made++) yield { ...fixed.line, text: `${made} ${"é".repeat(made)}` };
  };
  await using other = await served({ ...fixedOperations(), logs });

  let expected = 0;
  let ahead = 0;
  for await (const line of other.api.logs({}, AbortSignal.any([]))) {
    expect(line.text).toBe(`${expected} ${"é".repeat(expected)}`);
    expected++;
    ahead = Math.max(ahead, made - expected);
  }

  expect(expected).toBe(count);
  expect(ahead).toBeLessThan(count / 2);
});

test("a caller that goes away does not stop a release", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<string>();
  const deploy: Operations["deploy"] = async (_, onProgress) => {
    onProgress({ stage: "build", text: "npm ci" });
    begun.resolve();
    await goOn.promise;
    onProgress({ stage: "process", text: "web.1 is ready" });
    finished.resolve("done");
    return fixed.release;
  };
  await using other = await served({ ...fixedOperations(), deploy });
  const gone = new AbortController();
  const asking = fetchLines(other.socketPath, gone.signal);
  await begun.promise;

  gone.abort();
  await asking;
  goOn.resolve();

  await expect(finished.promise).resolves.toBe("done");
  await expect(other.api.status()).resolves.toEqual(fixed.status);
});

function hasProgress(name: keyof Operations): boolean {
  return ["deploy", "changeConfig", "attach", "detach", "rollback"].includes(name);
}

async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function* failing<T>(problem: Problem, ...before: T[]): AsyncGenerator<T> {
  yield* before;
  throw problem;
}

async function fetchLines(socketPath: string, signal: AbortSignal): Promise<void> {
  const { request } = await import("node:http");
  await new Promise<void>((resolve) => {
    const asked = request({ socketPath, method: "POST", path: "/v1/releases", headers: { "content-type": "application/json" }, signal });
    asked.on("response", (response) => response.on("error", () => undefined).resume());
    asked.on("close", resolve);
    asked.on("error", () => undefined);
    asked.end(JSON.stringify({ by }));
  });
}

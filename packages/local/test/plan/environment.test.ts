import { expect, test } from "vitest";
import { processEnv } from "../../src/plan/environment.ts";

const own = { name: "web.1", tmp: "/run/web.1/tmp", live: "/live/v4", tree: "/builds/tree", source: "douze.yaml" } as const;

test("the contract's variables are the platform's, whatever the config says", () => {
  const env = processEnv(
    { PORT: "1", DYNO: "x", TMPDIR: "/x", DOUZE_PROCESS: "x", DOUZE_LIVE_DIR: "/x", KEY: "value" },
    { ...own, port: 20_001 },
  );
  expect(env).toMatchObject({
    PORT: "20001",
    HOST: "127.0.0.1",
    DYNO: "web.1",
    DOUZE_PROCESS: "web.1",
    TMPDIR: own.tmp,
    DOUZE_LIVE_DIR: own.live,
    KEY: "value",
  });
});

test("a process to which nothing connects gets no port", () => {
  expect(Object.keys(processEnv({}, own)).sort()).toEqual(["DOUZE_LIVE_DIR", "DOUZE_PROCESS", "DYNO", "HOME", "LANG", "TMPDIR"]);
});

test("home is the tree for an app from Heroku, and a folder of its own elsewhere, unless the config names one", () => {
  expect(processEnv({}, { ...own, source: "Procfile" })["HOME"]).toBe(own.tree);
  expect(processEnv({}, own)["HOME"]).toBe(own.tmp);
  expect(processEnv({ HOME: "/home/app" }, own)["HOME"]).toBe("/home/app");
});

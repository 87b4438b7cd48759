import type { Build, FrozenValue } from "@douze/core";
import { expect, test } from "vitest";
import { contractEnv } from "../src/contract.ts";
import { at, manifest, release, version } from "./support/release.ts";

const value = (text: string): FrozenValue => ({
  value: text,
  secret: false,
  live: false,
  from: "manifest",
  since: version(1),
  by: "ana",
  at: at(0),
});
const build = {
  path: ["node_modules/.bin"],
  runtimes: ["/opt/node/bin"],
  env: { NODE_ENV: "production", PYTHONPATH: "$TREE/lib:$TREE" },
} as unknown as Build;

test("gives config, attachments and the platform's own, with the tree's folders first in PATH", () => {
  const env = contractEnv(
    release(12, {
      config: { GREETING: value("hola\nmundo") },
      attachments: {
        db: {
          type: "postgres",
          as: "DATABASE_URL",
          kind: "url",
          url: "postgres://x",
          address: "x",
          from: "ledger",
          since: version(1),
          by: "",
          at: at(0),
        },
      },
    }),
    build,
    "/state/builds/aa/tree",
  );
  expect(env).toMatchObject({
    GREETING: "hola\nmundo",
    DATABASE_URL: "postgres://x",
    NODE_ENV: "production",
    PYTHONPATH: "/state/builds/aa/tree/lib:/state/builds/aa/tree",
    DOUZE_APP: "shop",
    DOUZE_ENVIRONMENT: "production",
    DOUZE_RELEASE: "v12",
    SOURCE_VERSION: "c".repeat(40),
    OTEL_SERVICE_NAME: "shop",
    OTEL_RESOURCE_ATTRIBUTES: "service.version=v12,deployment.environment.name=production",
  });
  expect(env["PATH"]?.split(":").slice(0, 2)).toEqual(["/state/builds/aa/tree/node_modules/.bin", "/opt/node/bin"]);
  expect(Object.keys(env).filter((name) => name.startsWith("HEROKU_"))).toEqual([]);
});

test("lets config overrule the language's variables, but not the platform's", () => {
  const env = contractEnv(release(3, { config: { NODE_ENV: value("test"), DOUZE_RELEASE: value("mine") } }), build, "/t");
  expect(env).toMatchObject({ NODE_ENV: "test", DOUZE_RELEASE: "v3" });
});

test("gives an app with a Procfile what Heroku would", () => {
  const env = contractEnv(release(42, { manifest: manifest({ source: "Procfile" }), createdAt: at(0) }), build, "/t");
  expect(env).toMatchObject({
    HEROKU_RELEASE_VERSION: "v42",
    HEROKU_APP_NAME: "shop",
    HEROKU_RELEASE_CREATED_AT: "1970-01-01T00:00:00.000Z",
  });
});

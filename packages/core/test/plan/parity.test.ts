import { expect, test } from "vitest";
import { disparities, type EnvironmentFacts } from "../../src/plan/parity.ts";

const laptop: EnvironmentFacts = {
  processes: { web: { memoryBytes: 1024 }, worker: {} },
  resources: { db: { type: "postgres", server: "PostgreSQL 18.4" }, cache: { type: "redis" } },
  config: { GREETING: { secret: false, live: true }, DEBUG: { secret: false, live: false } },
};

test("what is the same differs in nothing", () => {
  expect(disparities(laptop, structuredClone(laptop))).toEqual([]);
});

test("what is there in one alone, or is another kind or version, differs", () => {
  const server: EnvironmentFacts = {
    processes: { web: { memoryBytes: 2048, cores: 1 }, clock: {} },
    resources: { db: { type: "postgres", server: "PostgreSQL 15.3" }, cache: { type: "tcp", server: "accepts connections" } },
    config: { GREETING: { secret: false, live: false }, API_KEY: { secret: true, live: false } },
  };
  const found = disparities(laptop, server);
  expect(found).toEqual([
    { kind: "process", name: "clock", one: "-", other: "runs" },
    { kind: "limit", name: "web memoryBytes", one: "1024", other: "2048" },
    { kind: "limit", name: "web cores", one: "unbounded", other: "1" },
    { kind: "process", name: "worker", one: "runs", other: "-" },
    { kind: "resource", name: "cache", one: "redis", other: "tcp" },
    { kind: "resource", name: "db", one: "PostgreSQL 18.4", other: "PostgreSQL 15.3" },
    { kind: "config", name: "API_KEY", one: "-", other: "secret" },
    { kind: "config", name: "DEBUG", one: "set", other: "-" },
    { kind: "config", name: "GREETING", one: "set, live", other: "set" },
  ]);
  expect(disparities(server, laptop)).toEqual(found.map(({ one, other, ...rest }) => ({ ...rest, one: other, other: one })));
});

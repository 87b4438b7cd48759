import { once } from "node:events";
import { readdir, stat, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { connect, serve } from "@douze/server";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { type Called, fixedOperations, status } from "./support/operations.ts";
import { raw } from "./support/raw.ts";
import { served } from "./support/served.ts";
import { spawnFixture } from "./support/spawned.ts";

const by = "ada@laptop";

test.for([
  ["GET", "/v1/releases/v12", undefined, "path.version must be integer"],
  ["GET", "/v1/releases/0", undefined, "path.version must be >= 1"],
  ["GET", "/v1/releases/1/diff/99999999999999999999", undefined, "path.to must be integer"],
  ["GET", "/v1/rollback?to=last", undefined, "query.to must be integer"],
  ["GET", "/v1/rollback?to=1&to=2", undefined, "query.to must be integer"],
  ["GET", "/v1/rollback?form=1", undefined, "query must NOT have additional properties: `form`"],
  ["GET", "/v1/status?verbose=true", undefined, "there is no parameter `verbose`"],
  ["GET", "/v1/logs?follow=yes", undefined, "query.follow must be boolean"],
  ["GET", "/v1/logs?last=-1", undefined, "query.last must be >= 0"],
  ["GET", "/v1/logs?since=", undefined, "query.since must be integer"],
  ["DELETE", "/v1/resources/db/attachment", undefined, "query must have required property 'by'"],
  ["POST", "/v1/releases", "{}", "body must have required property 'by'"],
  ["POST", "/v1/releases", "[]", "body must be object"],
  ["POST", "/v1/releases", '{"by":"ada","reff":"main"}', "body must NOT have additional properties: `reff`"],
  ["POST", "/v1/releases", '{"by":"ada","build":"sha256:../../etc"}', "body.build must match pattern"],
  [
    "POST",
    "/v1/releases",
    '{"by":"ada","promotedFrom":{"environment":"../x","version":1}}',
    "body.promotedFrom.environment must match pattern",
  ],
  ["PATCH", "/v1/formation", '{"by":"ada","formation":{"web":1.5}}', "body.formation.web must be integer"],
  ["PATCH", "/v1/formation", '{"by":"ada","formation":{"web":-1}}', "body.formation.web must be >= 0"],
  ["PATCH", "/v1/formation", '{"by":"ada","formation":{"../web":1}}', "body.formation"],
  ["PATCH", "/v1/config", '{"by":"ada","set":{"A":1},"unset":[]}', "body.set.A must be string"],
  ["POST", "/v1/runs", '{"by":"ada","command":[]}', "body.command must NOT have fewer than 1 items"],
  ["PUT", "/v1/one-offs/run.1/outcome", '{"by":"exit"}', "must"],
  ["PUT", "/v1/maintenance", '{"on":"true"}', "body.on must be boolean"],
  ["PUT", "/v1/maintenance", '{"on":true', "the body is not JSON in UTF-8"],
  ["PUT", "/v1/maintenance", Buffer.from([0x22, 0xff, 0x22]), "the body is not JSON in UTF-8"],
  ["PUT", "/v1/maintenance", "", "the body is not JSON in UTF-8"],
] as const)("%s %s %s is refused: %s", async ([method, path, body, why]) => {
  const called: Called[] = [];
  await using other = await served(fixedOperations(called));

  const answer = await raw(other.socketPath, method, path, body);

  expect(answer).toMatchObject({ status: 400, headers: { "content-type": "application/problem+json" } });
  expect(JSON.parse(answer.text)).toMatchObject({
    type: "urn:douze:problem:request-invalid",
    status: 400,
    code: "request-invalid",
    places: [],
  });
  expect((JSON.parse(answer.text) as { readonly why: string }).why).toContain(why);
  expect(called).toEqual([]);
});

test("what is refused is never quoted", async () => {
  await using other = await served(fixedOperations());
  const bodies = [
    '{"by":"ada","set":{"KEY":{"hunter2":1}},"unset":[]}',
    '{"by":"ada","set":{"KEY":"hunter2"',
    '{"by":"hunter2'.padEnd(400, "x").concat('","set":{},"unset":[]}'),
  ];

  for (const body of bodies) {
    const { status, text } = await raw(other.socketPath, "PATCH", "/v1/config", body);
    expect(status).toBe(400);
    expect(text).not.toContain("hunter2");
  }
});

test.for([
  ["GET", "/", 404],
  ["GET", "/v1", 404],
  ["GET", "/v1/status/", 404],
  ["GET", "/v2/status", 404],
  ["GET", "/v1/config/%", 404],
  ["GET", "/v1/config/", 404],
  ["GET", "/v1/../etc/passwd", 404],
  ["GET", "/v1/__proto__", 404],
  ["DELETE", "/v1/nothing", 404],
] as const)("%s %s: %i", async ([method, path, expected]) => {
  await using other = await served(fixedOperations());

  const answer = await raw(other.socketPath, method, path);

  expect(answer.status).toBe(expected);
  expect(JSON.parse(answer.text)).toMatchObject({ code: "request-path-unknown", status: expected });
});

test("a method that a path does not take: 405, with those it takes", async () => {
  await using other = await served(fixedOperations());

  const answer = await raw(other.socketPath, "DELETE", "/v1/releases");

  expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, POST" } });
  expect(JSON.parse(answer.text)).toMatchObject({ code: "request-method-unknown" });
});

test("a body that is no JSON by its own words: 415", async () => {
  await using other = await served(fixedOperations());

  const text = await raw(other.socketPath, "PUT", "/v1/maintenance", '{"on":true}', { "content-type": "text/plain" });
  const none = await raw(other.socketPath, "PUT", "/v1/maintenance", '{"on":true}', {});
  const withCharset = await raw(other.socketPath, "PUT", "/v1/maintenance", '{"on":true}', {
    "content-type": "Application/JSON; charset=utf-8",
  });

  expect([text.status, none.status, withCharset.status]).toEqual([415, 415, 204]);
});

test("a caller that goes away within its body is no defect, and nothing is done", async () => {
  const called: Called[] = [];
  const defects: unknown[] = [];
  await using other = await served(fixedOperations(called), { onDefect: (error) => defects.push(error) });
  const socket = createConnection(other.socketPath);
  socket.write('PUT /v1/maintenance HTTP/1.1\r\nhost: douze\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"on": true');
  await once(socket, "connect");
  socket.end();
  await once(socket.resume(), "close");

  await expect(other.api.status()).resolves.toEqual(status);
  expect({ called, defects }).toEqual({ called: [{ name: "status", given: [] }], defects: [] });
});

test("the document is answered as it was written", async () => {
  await using other = await served(fixedOperations());

  const answer = await raw(other.socketPath, "GET", "/v1/openapi.json");

  expect(answer).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
  expect(JSON.parse(answer.text)).toMatchObject({ openapi: "3.1.0", paths: { "/v1/status": { get: { operationId: "status" } } } });
});

test("31 MiB are taken whole, 33 MiB refused, and the server goes on", async () => {
  const called: Called[] = [];
  await using other = await served(fixedOperations(called));
  const sized = (mib: number): string => "a".repeat(mib * 1024 * 1024);

  await other.api.changeConfig({ set: { FILE: sized(31) }, unset: [], by }, () => undefined);
  const [request] = (called[0]?.given ?? []) as { readonly set: { readonly FILE: string } }[];
  expect(request?.set.FILE === sized(31)).toBe(true);

  await expect(other.api.changeConfig({ set: { FILE: sized(33) }, unset: [], by }, () => undefined)).rejects.toMatchObject({
    code: "request-too-large",
  });
  expect(called).toHaveLength(1);
  await expect(other.api.status()).resolves.toEqual(status);
});

test("the socket is its owner's alone, and nothing else is left beside it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "engine.sock");
  await using server = await serve(fixedOperations(), path);

  const { mode } = await stat(server.socketPath);

  expect(mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(["engine.sock"]);
});

test("a server that stops takes its socket away", async () => {
  await using folder = await temporaryFolder();
  const server = await serve(fixedOperations(), join(folder.path, "engine.sock"));

  await server[Symbol.asyncDispose]();

  expect(await readdir(folder.path)).toEqual([]);
});

test("it leaves a socket alone that another engine has put in its place", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "engine.sock");
  const server = await serve(fixedOperations(), path);
  await writeFile(`${path}.new`, "");
  const { rename } = await import("node:fs/promises");
  await rename(`${path}.new`, path);

  await server[Symbol.asyncDispose]();

  expect(await readdir(folder.path)).toEqual(["engine.sock"]);
});

test("the socket of an engine killed with SIGKILL is replaced", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "engine.sock");
  await using killed = await spawnFixture("listen.ts", path);
  await killed.said("listening");
  await killed.end("SIGKILL");
  expect(await readdir(folder.path)).toEqual(["engine.sock"]);

  await using _server = await serve(fixedOperations(), path);

  await expect(connect(path).status()).resolves.toEqual(status);
});

test("a socket that answers is not taken away", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "engine.sock");
  await using _first = await serve(fixedOperations(), path);

  await expect(serve(fixedOperations(), path)).rejects.toMatchObject({ code: "engine-running" });

  await expect(connect(path).status()).resolves.toEqual(status);
});

test("what listens there but is no engine is told apart", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "engine.sock");
  const other = createServer((socket) =>
    socket
      .resume()
      .on("error", () => undefined)
      .end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
  );
  other.listen(path);
  await once(other, "listening");

  await expect(connect(path).status()).rejects.toMatchObject({ code: "engine-lost" });

  other.close();
  await once(other, "close");
});

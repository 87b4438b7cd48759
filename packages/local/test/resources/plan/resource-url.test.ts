import type { ResourceType } from "@douze/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, resourceUrl } from "../../../src/resources/plan/resource-url.ts";

describe("the address of a URL", () => {
  test.each([
    ["postgres://user:secret@db.example/app", "db.example:5432"],
    ["postgresql://user:s@cr@t@db.example:6000/app?sslmode=require", "db.example:6000"],
    ["postgres://one:5433,two/app", "one:5433,two:5432"],
    ["postgres://u:p@[2001:db8::1]:5432/app", "[2001:db8::1]:5432"],
    ["postgres://u:p@%2Fvar%2Frun%2Fpostgresql/app", "/var/run/postgresql:5432"],
    ["postgres:///app?host=/var/run/postgresql&port=5433", "/var/run/postgresql:5433"],
    ["REDIS://:secret@cache", "cache:6379"],
    ["rediss://cache:7000/2", "cache:7000"],
    ["mysql://u:p@db/app", "db:3306"],
    ["mongodb://u:p@a,b:27018/app?replicaSet=x", "a:27017,b:27018"],
    ["amqps://u:p@mq", "mq:5671"],
    ["smtp://mail", "mail:587"],
    ["https://api.example/v1?key=secret", "api.example:443"],
    ["s3://key:secret@minio:9000/bucket", "minio:9000"],
    ["s3://bucket?region=eu-west-3", "s3.eu-west-3.amazonaws.com:443"],
    ["s3://key:secret@bucket?endpoint=https://storage.example/", "storage.example:443"],
    ["tcp://host", ""],
    ["postgres://u:pa/ss@host/app", ""],
    ["postgres://u:12#34@host/app", ""],
    ["postgres://u:12?34@host/app", ""],
    ["postgres://u:p%zz@host/app", ""],
    ["http://host:0", ""],
    ["http://host:65536", ""],
    ["http://ho st", ""],
    ["http://", ""],
    ["not a url", ""],
  ])("%s", (url, address) => expect(addressOf(url)).toBe(address));
});

test("OTLP over HTTP has a port of its own", () => {
  const port = (url: string, type: ResourceType): unknown => resourceUrl(url, type);
  expect(port("http://collector", "otlp")).toMatchObject({ places: [{ host: "collector", port: 4318 }] });
  expect(port("http://collector", "http")).toMatchObject({ places: [{ host: "collector", port: 80 }] });
});

test("user, password and database come out as they were written", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(text, text, text, (user, password, database) => {
      const url = `postgres://${[user, password].map(encodeURIComponent).join(":")}@host:5433/${encodeURIComponent(database)}`;
      expect(resourceUrl(url)).toMatchObject({ user, password, path: database, places: [{ host: "host", port: 5433 }] });
    }),
  );
});

test("whatever is written as a password, no part of it is taken for the address", () => {
  // Digits alone would be a port, and letters with digits a host: what a careless paste looks like.
  const password = fc.stringMatching(/^[0-9a-z@:/?#%,[\]-]{8,24}$/).filter((text) => /[0-9]{3}/.test(text));
  fc.assert(
    fc.property(password, (secret) => {
      const address = addressOf(`postgres://user:${secret}@db.example:5432/app`);
      expect(["", "db.example:5432"]).toContain(address);
    }),
    { numRuns: 2000 },
  );
});

import type { EnvironmentName, Inventory, Problem, Release, ResourceType } from "@douze/core";
import { describe, expect, test } from "vitest";
import { type AttachmentsIn, addressOf, wantedAttachments } from "../src/attachments.ts";
import { at, manifest, release, version } from "./support/release.ts";

const inventory = (attachments: Inventory["attachments"] = {}): Inventory => ({ attachments }) as unknown as Inventory;
const db = { type: "postgres" as ResourceType, as: "DATABASE_URL", required: true };

function input(rest: Partial<AttachmentsIn>): AttachmentsIn {
  return {
    manifest: manifest({ resources: { db } }),
    inventory: inventory(),
    environment: "development" as EnvironmentName,
    provides: (type) => type === "postgres",
    version: version(2),
    by: "ana@home",
    at: at(7),
    ...rest,
  };
}

const before = (from: "ledger" | "inventory", url: string): Release =>
  release(1, {
    attachments: {
      db: { type: "postgres", as: "DATABASE_URL", kind: "url", url, address: "old", from, since: version(1), by: "bo@work", at: at(1) },
    },
  });

describe("wantedAttachments", () => {
  test("in development, what can be provided here is provided here", () => {
    expect(wantedAttachments(input({})).attachments).toMatchObject([{ resource: "db", kind: "embedded", from: "default", since: 2 }]);
  });

  test("anywhere else a required resource must be named", () => {
    const refused = (): unknown => wantedAttachments(input({ environment: "production" as EnvironmentName }));
    expect(refused).toThrow(expect.objectContaining<Partial<Problem>>({ code: "resource-missing" }));
  });

  test("an optional one may be missing", () => {
    const wanted = wantedAttachments(
      input({ environment: "production" as EnvironmentName, manifest: manifest({ resources: { db: { ...db, required: false } } }) }),
    );
    expect(wanted.attachments).toEqual([]);
  });

  test("the ledger's attachment wins over the inventory's and keeps its stamp", () => {
    const wanted = wantedAttachments(
      input({
        inventory: inventory({ db: { kind: "url", url: "postgres://inventory/x" } }),
        previous: before("ledger", "postgres://ledger/x"),
      }),
    );
    expect(wanted.attachments).toMatchObject([{ url: "postgres://ledger/x", from: "ledger", since: 1, by: "bo@work" }]);
  });

  test("an unchanged attachment of the inventory keeps its stamp, a changed one gets a new one", () => {
    const previous = before("inventory", "postgres://a/x");
    const same = wantedAttachments(input({ inventory: inventory({ db: { kind: "url", url: "postgres://a/x" } }), previous }));
    const other = wantedAttachments(input({ inventory: inventory({ db: { kind: "url", url: "postgres://b/x" } }), previous }));
    expect(same.attachments).toMatchObject([{ since: 1 }]);
    expect(other.attachments).toMatchObject([{ since: 2, url: "postgres://b/x" }]);
  });

  test("swaps to another URL", () => {
    const change = { kind: "attach", resource: "db", url: "postgres://new/x" } as const;
    const wanted = wantedAttachments(input({ previous: before("ledger", "postgres://ledger/x"), change }));
    expect(wanted.attachments).toMatchObject([{ url: "postgres://new/x", from: "ledger", since: 2 }]);
  });

  test("takes an undeclared resource, told by its URL, and carries it on", () => {
    const change = { kind: "attach", resource: "cache", url: "rediss://:pw@cache.example.org" } as const;
    expect(wantedAttachments(input({ change })).attachments).toContainEqual(
      expect.objectContaining({ resource: "cache", type: "redis", as: "REDIS_URL" }),
    );
    const previous = release(1, {
      attachments: {
        cache: {
          type: "redis",
          as: "REDIS_URL",
          kind: "url",
          url: "redis://c",
          address: "c",
          from: "ledger",
          since: version(1),
          by: "bo",
          at: at(1),
        },
      },
    });
    expect(wantedAttachments(input({ previous })).attachments).toContainEqual(
      expect.objectContaining({ resource: "cache", url: "redis://c" }),
    );
  });

  test("refuses what no kind can be told of", () => {
    const refused = (): unknown => wantedAttachments(input({ change: { kind: "attach", resource: "x", url: "gopher://x" } }));
    expect(refused).toThrow(expect.objectContaining<Partial<Problem>>({ code: "resource-unknown" }));
  });

  test("what was detached stays away from later releases until it is attached again", () => {
    const optional = manifest({ resources: { db: { ...db, required: false } } });
    const detached = wantedAttachments(
      input({ manifest: optional, previous: before("inventory", "postgres://a/x"), change: { kind: "detach", resource: "db" } }),
    );
    expect(detached).toEqual({ attachments: [], detached: ["db"] });
    const later = input({
      manifest: optional,
      previous: release(2, { detached: ["db"] }),
      inventory: inventory({ db: { kind: "url", url: "postgres://a/x" } }),
    });
    expect(wantedAttachments(later).attachments).toEqual([]);
    const again = wantedAttachments({ ...later, change: { kind: "attach", resource: "db", url: "postgres://a/x" } });
    expect(again).toMatchObject({ attachments: [{ resource: "db" }], detached: [] });
  });

  test("a required resource cannot be detached", () => {
    const refused = (): unknown =>
      wantedAttachments(input({ previous: before("ledger", "postgres://a/x"), change: { kind: "detach", resource: "db" } }));
    expect(refused).toThrow(expect.objectContaining<Partial<Problem>>({ code: "resource-missing" }));
  });
});

describe("addressOf", () => {
  test.each([
    ["postgres://ana:s%40cret@db.example.org:5433/shop?x=1", "db.example.org:5433"],
    ["redis://:secret@[::1]:6379", "[::1]:6379"],
    ["https://example.org", "example.org"],
    ["no url", ""],
  ])("of %s is %s", (url, address) => {
    expect(addressOf(url)).toBe(address);
  });
});

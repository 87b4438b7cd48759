import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { backupKind, backupManifest, backupName, isSafePath } from "../../../src/resources/plan/backup-file.ts";
import { hasJournal, journalState, redisConfig } from "../../../src/resources/plan/redis.ts";

test("a backup bears its resource and its instant", () => {
  expect(backupName("db", "2026-11-20T10:15:00.123Z", "tar.gz")).toBe("db-20261120T101500Z.tar.gz");
});

test.each([
  [Buffer.from([0x1f, 0x8b, 8, 0]), "base"],
  [Buffer.from("PGDMP\x01\x0e"), "dump"],
  [Buffer.from("REDIS0011"), "rdb"],
  [Buffer.from("VALKEY080"), "rdb"],
  [Buffer.from("REDISxxxx"), undefined],
  [Buffer.from(""), undefined],
])("what a file is, by its first bytes", (head, kind) => expect(backupKind(head)).toBe(kind));

test("a manifest of another format is none", () => {
  const good = { douze: "backup", format: 1, type: "postgres", resource: "db", major: 18, at: "2026-11-20T10:15:00.000Z" };
  expect(backupManifest(JSON.stringify(good))).toEqual(good);
  for (const other of [{ format: 2 }, { type: "mysql" }, { major: "18" }, { douze: "restore" }]) {
    expect(backupManifest(JSON.stringify({ ...good, ...other }))).toBeUndefined();
  }
  for (const text of ["", "null", "[]", "{"]) expect(backupManifest(text)).toBeUndefined();
});

test("a path that may be unpacked stays below its folder", () => {
  const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "\0"), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = parts.join("/");
      if (isSafePath(path)) expect(posix.join("/srv/made", path)).toMatch(/^\/srv\/made/);
      else expect(path === "" || path.startsWith("/") || path.includes("\0") || path.split("/").includes("..")).toBe(true);
    }),
  );
});

test("Redis reads a snapshot only where there is no journal", () => {
  const state = (...names: readonly string[]): boolean => hasJournal((name) => names.includes(name));
  expect(state()).toBe(true);
  expect(state("dump.rdb")).toBe(false);
  expect(state("dump.rdb", "appendonlydir/appendonly.aof.manifest")).toBe(true);
  expect(state("dump.rdb", "appendonly.aof")).toBe(true);
});

test("a journal is written when nothing is pending and all went well", () => {
  const info = (enabled: number, busy: number, status: string): string =>
    `aof_enabled:${enabled}\r\naof_rewrite_in_progress:${busy}\r\naof_rewrite_scheduled:0\r\naof_last_bgrewrite_status:${status}\r\n`;
  expect(journalState(info(1, 0, "ok"))).toBe("written");
  expect(journalState(info(1, 1, "ok"))).toBe("pending");
  expect(journalState(info(0, 0, "ok"))).toBe("pending");
  expect(journalState(info(1, 0, "err"))).toBe("failed");
});

test("Redis' configuration keeps to this machine, with a password", () => {
  const config = redisConfig({ port: 12_345, password: "secret", data: "/srv/my app/data", journal: true });
  expect(config.split("\n")).toEqual(
    expect.arrayContaining(["bind 127.0.0.1", "requirepass secret", 'dir "/srv/my app/data"', "appendonly yes"]),
  );
});

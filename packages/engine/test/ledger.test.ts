import { mkdtemp, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FrozenValue, Problem } from "@douze/core";
import { describe, expect, test } from "vitest";
import { currentOf, standing } from "../src/history.ts";
import { Ledger } from "../src/ledger.ts";
import { type LedgerKey, ledgerKey } from "../src/ledger-key.ts";
import { fileStore } from "../src/ledger-store.ts";
import { at, release, version } from "./support/release.ts";

const canary = "canary-5b1d-secret";
const value = (text: string, secret = false): FrozenValue => ({
  value: text,
  secret,
  live: false,
  from: "ledger",
  since: version(1),
  by: "ana",
  at: at(0),
});

const first = release(1, {
  config: { GREETING: value("hola"), TOKEN: value(canary, true) },
  overrides: { TOKEN: { value: canary, since: version(1), by: "ana", at: at(0) } },
  attachments: {
    db: {
      type: "postgres",
      as: "DATABASE_URL",
      kind: "url",
      url: `postgres://ana:${canary}@db/shop`,
      address: "db",
      from: "ledger",
      since: version(1),
      by: "ana",
      at: at(0),
    },
  },
});

async function place(): Promise<{ folder: string; ledger: string; key: LedgerKey }> {
  const folder = await mkdtemp(join(tmpdir(), "douze-ledger-"));
  return { folder, ledger: join(folder, "ledger"), key: ledgerKey(join(folder, "ledger.key")) };
}

describe("a ledger", () => {
  test("is the same after it was closed and opened again, secrets included", async () => {
    const { folder, ledger: directory, key } = await place();
    const ledger = await Ledger.open(fileStore(directory), key);
    await ledger.append(first);
    await ledger.close(version(1), { kind: "succeeded", at: at(5) });
    await ledger.amend(version(1), { kind: "scale", scaled: { web: 3 } as never, by: "bo", at: at(6) });
    await ledger.append(release(ledger.next()));

    const again = await Ledger.open(fileStore(directory), ledgerKey(join(folder, "ledger.key")));

    expect(again.records()).toEqual(ledger.records());
    expect(await again.unsealed(version(1))).toEqual(first);
    const current = currentOf(again.records());
    expect(current && standing(current).formation).toEqual({ web: 3 });
    expect(again.next()).toBe(3);
  });

  test("holds no secret in clear", async () => {
    const { ledger: directory, key } = await place();
    const ledger = await Ledger.open(fileStore(directory), key);
    await ledger.append(first);
    for (const name of await readdir(directory)) expect(await readFile(join(directory, name), "utf8")).not.toContain(canary);
    expect(JSON.stringify(ledger.records())).not.toContain(canary);
  });

  test("gives no secret to another key", async () => {
    const { ledger: directory, key } = await place();
    await (await Ledger.open(fileStore(directory), key)).append(first);
    const stranger = await Ledger.open(fileStore(directory), (await place()).key);
    await expect(stranger.unsealed(version(1))).rejects.toThrow(expect.objectContaining<Partial<Problem>>({ code: "secrets-key-wrong" }));
    expect(stranger.records()).toHaveLength(1);
  });

  test("keeps the first outcome", async () => {
    const { ledger: directory, key } = await place();
    const ledger = await Ledger.open(fileStore(directory), key);
    await ledger.append(first);
    await ledger.close(version(1), { kind: "failed", at: at(1), step: "boot", why: "it exited" });
    await ledger.close(version(1), { kind: "succeeded", at: at(2) });
    expect((await Ledger.open(fileStore(directory), key)).get(version(1))?.outcome).toMatchObject({ kind: "failed" });
  });

  test("passes over what a killed engine left half-written aside", async () => {
    const { ledger: directory, key } = await place();
    const ledger = await Ledger.open(fileStore(directory), key);
    await ledger.append(first);
    await writeFile(join(directory, ".0123456789ab.aside"), '{"format":1,"vers');
    expect((await Ledger.open(fileStore(directory), key)).records()).toHaveLength(1);
  });
});

describe("a damaged entry is named, and nothing is changed", () => {
  test.each<[string, string, (text: string) => string]>([
    ["an empty release", "v1.json", () => ""],
    ["a truncated release", "v1.json", (text) => text.slice(0, text.length / 2)],
    ["a release without its build", "v1.json", (text) => text.replace('"build"', '"bild"')],
    ["a release of a later format", "v1.json", (text) => text.replace('"format": 1', '"format": 2')],
    ["an outcome that is none", "v1.outcome.json", () => '{"kind":"perhaps"}'],
    ["an amendment that is none", "v1.0001.json", () => "[]"],
  ])("%s", async (_what, name, damage) => {
    const { ledger: directory, key } = await place();
    const ledger = await Ledger.open(fileStore(directory), key);
    await ledger.append(first);
    await ledger.close(version(1), { kind: "succeeded", at: at(5) });
    await ledger.amend(version(1), { kind: "scale", scaled: {}, by: "bo", at: at(6) });
    const file = join(directory, name);
    await writeFile(file, damage(await readFile(file, "utf8")));
    const before = await readdir(directory);
    const refused = Ledger.open(fileStore(directory), key);
    await expect(refused).rejects.toThrow(
      expect.objectContaining<Partial<Problem>>({ code: "ledger-unreadable", places: [{ file, line: 1, column: 1 }] }),
    );
    expect(await readdir(directory)).toEqual(before);
  });

  test("a release under another's name", async () => {
    const { ledger: directory, key } = await place();
    await (await Ledger.open(fileStore(directory), key)).append(first);
    await rename(join(directory, "v1.json"), join(directory, "v7.json"));
    await expect(Ledger.open(fileStore(directory), key)).rejects.toThrow(
      expect.objectContaining<Partial<Problem>>({ code: "ledger-unreadable", why: "it holds v1" }),
    );
  });
});

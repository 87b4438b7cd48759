import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isRunning, procStat } from "../../src/proc.ts";
import { RespConnection } from "../../src/resources/resp-connection.ts";
import { killServer, never, Place, until, without } from "./support/place.ts";

async function ask(url: string, ...words: readonly string[]): Promise<string> {
  const { port, password } = new URL(url);
  using connection = await RespConnection.open({ host: "127.0.0.1", port: Number(port), tls: false }, never);
  await connection.ask("AUTH", password);
  return await connection.ask(...words);
}

async function pidOf(url: string): Promise<number> {
  return Number(/process_id:([0-9]+)/.exec(await ask(url, "INFO", "server"))?.[1]);
}

test("without a server on the PATH it says what to install", async () => {
  await using place = new Place();
  const provider = place.provider({ path: "/nowhere" });
  await expect(provider.provision("db", "redis", never)).rejects.toMatchObject({
    code: "resource-not-installed",
    fix: expect.stringContaining("apt-get install redis-server"),
  });
});

describe.skipIf(without("redis-server", "valkey-server"))("with a server", () => {
  test("data and address are kept, and nothing is left running", async () => {
    await using place = new Place();
    const first = place.provider();
    const { url } = await first.provision("db", "redis", never);
    await ask(url, "SET", "greeting", "hola");
    const pid = await pidOf(url);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(new URL(url).password);
    await expect(first.check("redis", url, never)).resolves.toMatchObject({
      reachable: true,
      detail: expect.stringMatching(/^(Redis|Valkey) [0-9]/),
    });
    await first[Symbol.asyncDispose]();
    expect(isRunning(procStat(pid))).toBe(false);

    const second = place.provider();
    await expect(second.provision("db", "redis", never)).resolves.toEqual({ url });
    await expect(ask(url, "GET", "greeting")).resolves.toBe("hola");

    // What was written reaches the journal within a second, also without a last word.
    await killServer(await pidOf(url));
    await until(() => place.notes.some((note) => note.includes("started anew")));
    await expect(second.provision("db", "redis", never)).resolves.toEqual({ url });
    await expect(ask(url, "GET", "greeting")).resolves.toBe("hola");
  });

  test("the server survives the engine that was killed, and the next one finds it", async () => {
    await using place = new Place();
    const owner = place.owner();
    const { url } = await owner.ask("provision", "db", "redis");
    const pid = await pidOf(url);
    await owner.kill();

    const provider = place.provider();
    await expect(provider.provision("db", "redis", never)).resolves.toEqual({ url });
    await expect(pidOf(url)).resolves.toBe(pid);
    await provider[Symbol.asyncDispose]();
    expect(isRunning(procStat(pid))).toBe(false);
  });

  test("a backup brings back what was, also by URL into another environment, and a wrong one changes nothing", async () => {
    await using place = new Place();
    const provider = place.provider();
    const { url } = await provider.provision("db", "redis", never);
    await ask(url, "SET", "greeting", "hola");
    const { file } = await provider.backup("db", "redis", url, "embedded", place.backups);
    expect(file).toMatch(/\/db-[0-9TZ]+\.rdb$/);
    await ask(url, "SET", "greeting", "later");

    await provider.restore("db", "redis", url, "embedded", file);
    await expect(ask(url, "GET", "greeting")).resolves.toBe("hola");

    const damaged = join(place.root, "damaged.rdb");
    writeFileSync(damaged, Buffer.concat([readFileSync(file).subarray(0, 30), Buffer.alloc(200, 1)]));
    await ask(url, "SET", "greeting", "present");
    await expect(provider.restore("db", "redis", url, "embedded", damaged)).rejects.toMatchObject({ code: "resource-restore-failed" });
    await expect(ask(url, "GET", "greeting")).resolves.toBe("present");
    expect(readdirSync(place.of("db")).filter((name) => name.startsWith("making-"))).toEqual([]);
    await expect(provider.restore("db", "redis", url, "url", file)).rejects.toMatchObject({ code: "resource-restore-failed" });

    if (without("redis-cli", "valkey-cli")) return;
    const far = await provider.backup("far", "redis", url, "url", place.backups);
    await provider.restore("db", "redis", url, "embedded", far.file);
    await expect(ask(url, "GET", "greeting")).resolves.toBe("present");
    const wrong = url.replace(/:[0-9a-f]+@/, ":wrong@");
    await expect(provider.backup("far", "redis", wrong, "url", place.backups)).rejects.toMatchObject({ code: "resource-backup-failed" });
  });

  test("a snapshot alone, as a kill in the middle of a restore leaves it, is read", async () => {
    await using place = new Place();
    const before = place.provider();
    const { url } = await before.provision("db", "redis", never);
    await ask(url, "SET", "greeting", "hola");
    const { file } = await before.backup("db", "redis", url, "embedded", place.backups);
    await before[Symbol.asyncDispose]();
    rmSync(place.of("db", "data"), { recursive: true });
    mkdirSync(place.of("db", "data"));
    copyFileSync(file, place.of("db", "data", "dump.rdb"));

    await using after = place.provider();
    await expect(after.provision("db", "redis", never)).resolves.toEqual({ url });
    await expect(ask(url, "GET", "greeting")).resolves.toBe("hola");
    // From now on there is a journal, and no snapshot that could be taken for newer.
    expect(readdirSync(place.of("db", "data"))).not.toContain("dump.rdb");
  });
});

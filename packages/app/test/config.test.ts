import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { consulLive } from "../src/config/consul.ts";
import { withoutConfigFlags } from "../src/config/sources.ts";
import { type Config, configManifest, configTable, Problem, readConfig } from "../src/index.ts";
import { parseManifest } from "./support/manifest.ts";
import { Program } from "./support/program.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "kit-config-"));
  folders.push(made);
  return made;
}

const declared = {
  NAME: { description: "Who is greeted" },
  VISITS: { type: "integer", default: 5 },
  RATIO: { type: "number", required: false },
  DEBUG: { type: "boolean", default: false },
  MODE: { type: "enum", values: ["fast", "safe"], default: "safe" },
  GREETING: { default: "Hola", live: true },
  API_KEY: { secret: true, required: false },
} as const;

function flawOf(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("config", () => {
  test("has the types that are declared", () => {
    const config = readConfig(declared, { env: { NAME: "Ana", RATIO: "0.5", DEBUG: "yes" }, argv: [] });
    expectTypeOf(config.NAME).toEqualTypeOf<string>();
    expectTypeOf(config.VISITS).toEqualTypeOf<number>();
    expectTypeOf(config.RATIO).toEqualTypeOf<number | undefined>();
    expectTypeOf(config.DEBUG).toEqualTypeOf<boolean>();
    expectTypeOf(config.MODE).toEqualTypeOf<"fast" | "safe">();
    expectTypeOf<Parameters<Config<typeof declared>["onChange"]>[0]>().toEqualTypeOf<"GREETING">();
    expect({ ...config }).toMatchObject({ NAME: "Ana", VISITS: 5, RATIO: 0.5, DEBUG: true, MODE: "safe" });
  });

  test("counts default, file, environment, live and flag, in that order", async () => {
    const place = await folder();
    await writeFile(join(place, "app.env"), "NAME=file\nVISITS=1\nMODE=fast\n");
    await writeFile(join(place, "GREETING"), "live");
    const env = { CONFIG_FILE: join(place, "app.env"), VISITS: "2", GREETING: "environment", DOUZE_LIVE_DIR: place };
    const config = readConfig(declared, { env, argv: ["web", "--mode", "safe"] });
    expect({ ...config }).toMatchObject({ NAME: "file", VISITS: 2, MODE: "safe", GREETING: "live" });
    expect(config.origins()).toEqual({
      NAME: "file",
      VISITS: "environment",
      DEBUG: "default",
      MODE: "flag",
      GREETING: "live",
    });
  });

  test("reads a file of JSON", async () => {
    const file = join(await folder(), "app.json");
    await writeFile(file, JSON.stringify({ NAME: "Ana", VISITS: 7 }));
    expect(readConfig(declared, { env: { CONFIG_FILE: file }, argv: [] }).VISITS).toBe(7);
    await writeFile(file, "{");
    expect(flawOf(() => readConfig(declared, { env: { CONFIG_FILE: file }, argv: [] })).why).toBe("it is no JSON object");
    expect(flawOf(() => readConfig(declared, { env: { CONFIG_FILE: "/nowhere/at/all" }, argv: [] })).why).toBe(
      "it cannot be read (ENOENT)",
    );
  });

  test("tells all that is wrong at once, and no value", () => {
    const problem = flawOf(() => readConfig(declared, { env: { VISITS: "seven", RATIO: "1.2.3", MODE: "hurried" }, argv: [] }));
    expect(problem.exitCode).toBe(78);
    expect(problem.text).not.toMatch(/seven|1\.2\.3|hurried/);
    for (const key of ["NAME", "VISITS", "RATIO", "MODE"]) expect(problem.text).toContain(`${key}: `);
  });

  test("refuses a declaration that cannot be held", () => {
    const wrong = { lower: {}, KEY: { secret: true, default: "x" }, LIVE: { secret: true, live: true }, KIND: { type: "enum" } } as const;
    const { why } = flawOf(() => readConfig(wrong, { env: { LIVE: "a", KIND: "b", lower: "c" }, argv: [] }));
    for (const key of ["lower", "KEY", "LIVE", "KIND"]) expect(why).toContain(`${key}: `);
  });

  test("leaves to a task the words that are its own", () => {
    const words = ["greet", "--name", "Ana", "--times", "2", "--debug", "--visits=3", "--", "--mode"];
    expect(withoutConfigFlags(declared, words)).toEqual(["greet", "--times", "2", "--", "--mode"]);
  });

  test("is printed as a manifest reads it, and as a table", () => {
    const manifest = parseManifest(`app: a\nprocesses: { web: x }\n${configManifest(declared)}`);
    expect(manifest.config).toMatchObject({
      NAME: { required: true, description: "Who is greeted" },
      VISITS: { type: "integer", default: "5" },
      RATIO: { type: "number", required: false },
      MODE: { type: "enum", values: ["fast", "safe"], default: "safe" },
      GREETING: { live: true },
      API_KEY: { secret: true, required: false },
    });
    expect(configTable(declared)).toContain("| `NAME` | string |  | required | Who is greeted |\n");
  });
});

describe("a program", () => {
  test("ends with 78 before it does anything, with all problems on stderr", async () => {
    const program = await Program.run("config.ts", [], { VISITS: "canary-value", API_KEY: "canary-key" });
    expect(program.code).toBe(78);
    expect(program.stdout).toBe("");
    expect(program.stderr).toContain("NAME: it is not set (Who is greeted)");
    expect(program.stderr).toContain("VISITS: it is not a whole number");
    expect(program.stderr).not.toMatch(/canary| {4}at /);
  });

  test("prints what it declares without any of it being set", async () => {
    const { stdout, code } = await Program.run("config.ts", ["--print-config=manifest"]);
    expect(code).toBe(0);
    expect(stdout).toContain('  VISITS: { type: integer, default: "5" }\n');
  });
});

/** Swaps a folder's content as a kubelet does. */
async function swap(place: string, generation: number, values: Readonly<Record<string, string>>): Promise<void> {
  const name = `..gen-${generation}`;
  await mkdir(join(place, name));
  for (const [key, value] of Object.entries(values)) {
    await writeFile(join(place, name, key), value);
    if (generation === 0) await symlink(join("..data", key), join(place, key));
  }
  await symlink(name, join(place, "..data_tmp"));
  await rename(join(place, "..data_tmp"), join(place, "..data"));
  if (generation > 0) await rm(join(place, `..gen-${generation - 1}`), { recursive: true });
}

describe("live config", () => {
  test("follows a folder that is swapped a thousand times, and is never torn", async () => {
    const place = await folder();
    await swap(place, 0, { GREETING: "g0", LIMIT: "0" });
    await using program = Program.start("live.ts", [], { DOUZE_LIVE_DIR: place });
    expect(await program.line("started")).toMatchObject({ greeting: "g0" });
    for (let index = 1; index <= 1_000; index++) await swap(place, index, { GREETING: `g${index}`, LIMIT: String(index) });
    await program.until(() => program.lines.find(({ message, value }) => message === "limit" && value === 1_000));
    const told = program.lines.filter(({ message }) => message === "greeting" || message === "limit");
    // Both of a generation come together, and each change goes on from the one before.
    const pairs = told.map(({ message, value }) => (message === "limit" ? Number(value) : Number(String(value).slice(1))));
    expect(pairs).toEqual(pairs.toSorted((a, b) => a - b));
    for (let index = 0; index < pairs.length; index += 2) expect(pairs[index]).toBe(pairs[index + 1]);
    expect(await program.stop()).toBe(0);
  });

  test("keeps the last good value, and tells once what it does not take", async () => {
    const place = await folder();
    await swap(place, 0, { GREETING: "one", LIMIT: "3" });
    await using program = Program.start("live.ts", [], { DOUZE_LIVE_DIR: place });
    await program.line("started");
    await swap(place, 1, { GREETING: "two", LIMIT: "canary" });
    expect(await program.line("a live config value is not taken; the last good one stays")).toMatchObject({ level: "warn", key: "LIMIT" });
    expect(await program.line("greeting")).toMatchObject({ value: "two", former: "one" });
    await swap(place, 2, { GREETING: "two", LIMIT: "4" });
    expect(await program.line("limit")).toMatchObject({ value: 4 });
    expect(program.stdout).not.toContain("canary");
  });

  test("follows a key-value store by blocking queries, and outlives its absence", async () => {
    const asked: string[] = [];
    let index = 7;
    let values: Record<string, string> = { GREETING: "from the store" };
    let waiting: (() => void)[] = [];
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://store");
      asked.push(`${url.pathname}${url.search}`);
      const answer = (): void => {
        const pairs = Object.entries(values).map(([key, value]) => ({
          Key: `shop/production/${key}`,
          Value: Buffer.from(value).toString("base64"),
        }));
        response.setHeader("x-consul-index", String(index)).end(JSON.stringify(pairs));
      };
      if (Number(url.searchParams.get("index")) >= index) waiting.push(answer);
      else answer();
    });
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const live = consulLive({ url: `http://127.0.0.1:${port}`, prefix: "shop/production" });
    const controller = new AbortController();
    const told: unknown[] = [];
    const next = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    live.watch(
      (texts) => {
        told.push(texts);
        (told.length === 1 ? first : next).resolve();
      },
      (text) => told.push(text),
      controller.signal,
    );
    await first.promise;
    values = { GREETING: "changed", "deeper/KEY": "x" };
    index++;
    for (const answer of waiting.splice(0)) answer();
    while (told.length < 2) {
      await new Promise(setImmediate);
      for (const answer of waiting.splice(0)) answer();
    }
    await next.promise;
    waiting = [];
    controller.abort();
    server.closeAllConnections();
    server.close();
    expect(told.slice(0, 2)).toEqual([{ GREETING: "from the store" }, { GREETING: "changed", "deeper/KEY": "x" }]);
    expect(asked[0]).toBe("/v1/kv/shop/production/?recurse=true");
    expect(asked[1]).toBe("/v1/kv/shop/production/?recurse=true&index=7&wait=300000ms");
  });
});

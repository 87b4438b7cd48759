import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Gated, Kept } from "./support/gated.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const frameworks = ["http.cjs", "express.mjs", "fastify.mjs", "hono.mjs"];
/** Whatever Node a system has, beside the one that runs this. */
const systemNode = "/usr/bin/node";
const nodes = [process.execPath, ...(existsSync(systemNode) ? [systemNode] : [])];
if (nodes.length === 1) console.log(`${systemNode} is not here: another Node than this one is not tried`);

describe.each(nodes)("%s", (node) => {
  test.each(frameworks)("%s takes the public socket, and lets go of it after the next answer", async (file) => {
    const name = file.split(".")[0] ?? "";
    await using gated = await Gated.start([node, join(fixtures, file)], fixtures);
    expect(await gated.until(() => true)).toEqual({ accepting: false, connections: 0, left: 8 });
    await gated.accept();
    using kept = await Kept.to(gated.publicPort);
    expect(await kept.get("/one")).toMatch(new RegExp(`^HTTP/1.1 200 [^]*${name} /one$`));
    expect(await kept.get("/two")).toContain(`${name} /two`);
    gated.tell("pause");
    expect(await gated.until(({ accepting }) => !accepting)).toMatchObject({ told: "pause", connections: 1, left: 7 });
    const last = await kept.get("/three");
    expect(last).toContain(`${name} /three`);
    expect(last).toMatch(/^connection: close$/im);
    await gated.until(({ connections }) => connections === 0);
    using inside = await Kept.to(gated.privatePort);
    expect(await inside.get("/four")).toContain(`${name} /four`);
    await gated.accept();
    using again = await Kept.to(gated.publicPort);
    const fresh = await again.get("/five");
    expect(fresh).toContain(`${name} /five`);
    expect(fresh).not.toMatch(/^connection: close$/im);
  });

  test("an answer that was under way when it was told to stop tells that it is the last one", async () => {
    await using gated = await Gated.start([node, join(fixtures, "graceful.cjs")], fixtures);
    await gated.accept();
    using kept = await Kept.to(gated.publicPort);
    const asked = once(gated.child, "message");
    kept.ask("/slow");
    await asked;
    gated.tell("pause");
    await gated.until(({ accepting }) => !accepting);
    gated.child.send("answer");
    const [text] = (await once(kept.socket, "data")) as [string];
    expect(text).toMatch(/^connection: close$/im);
    await gated.until(({ connections }) => connections === 0);
  });

  test("an app that closes its server ends when the connections of the public socket have ended, too", async () => {
    await using gated = await Gated.start([node, join(fixtures, "graceful.cjs")], fixtures);
    await gated.accept();
    using kept = await Kept.to(gated.publicPort);
    const asked = once(gated.child, "message");
    kept.ask("/slow");
    await asked;
    const ended = once(gated.child, "exit");
    gated.child.kill("SIGTERM");
    await gated.until(({ accepting }) => !accepting);
    gated.child.send("answer");
    const [text] = (await once(kept.socket, "data")) as [string];
    expect(text).toContain("slow");
    expect(await ended).toEqual([0, null]);
  });

  test("WebSocket clients are told to come again", async () => {
    await using gated = await Gated.start([node, join(fixtures, "sockets.mjs")], fixtures);
    await gated.accept();
    const client = new WebSocket(`ws://127.0.0.1:${gated.publicPort}/`);
    await once(client, "open");
    client.send("hello");
    const [message] = (await once(client, "message")) as [MessageEvent];
    expect(message.data).toBe("echo hello");
    gated.tell("pause");
    await gated.until(({ accepting, connections }) => !accepting && connections === 1);
    const closed = once(client, "close");
    gated.tell("goodbye 10");
    const [{ code }] = (await closed) as [CloseEvent];
    expect(code).toBe(1012);
    await gated.until(({ connections }) => connections === 0);
  });

  test("after the last descriptor it accepts no more, and says so", async () => {
    await using gated = await Gated.start([node, join(fixtures, "http.cjs")], fixtures);
    for (let left = 7; left >= 0; left--) {
      await gated.accept();
      gated.tell("pause");
      await gated.until(({ accepting, left: now }) => !accepting && now === left);
    }
    gated.tell("accept");
    expect(await gated.until(({ told }) => told === "accept")).toEqual({ told: "accept", accepting: false, connections: 0, left: 0 });
  });
});

test("it reaches the program that `npm start` starts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "douze-gate-app-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ scripts: { start: `node ${join(fixtures, "http.cjs")}` } }));
  await using gated = await Gated.start(["npm", "start", "--silent"], folder);
  await gated.accept();
  using kept = await Kept.to(gated.publicPort);
  expect(await kept.get("/one")).toContain("http /one");
});

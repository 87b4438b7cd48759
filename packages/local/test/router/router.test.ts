import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { text } from "node:stream/consumers";
import type { Problem } from "@douze/core";
import { describe, expect, test } from "vitest";
import { type AccessRecord, accessLine } from "../../src/router/access.ts";
import { Router } from "../../src/router/router.ts";
import { routerTo, say, Talk, Upstream } from "./support/raw.ts";

const host = "Host: shop\r\n";
const bye = "Connection: close\r\n";

describe("requests and answers", () => {
  test("pass with their bodies, both ways, over kept connections", async () => {
    const ports = new Set<number | undefined>();
    await using app = await Upstream.http(async (request, response) => {
      ports.add(request.socket.remotePort);
      response.end(`${request.method} ${request.url} ${await text(request)}`);
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    using talk = new Talk(router.port);
    talk.say(`GET /a?b HTTP/1.1\r\n${host}\r\n`);
    await talk.until("GET /a?b ");
    talk.say(`POST /c HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`);
    await talk.until("POST /c hello");
    talk.say(`PUT /d HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
    await talk.until("PUT /d abcde");
    expect(ports.size).toBe(1);
  });

  test("answer pipelined requests in their order", async () => {
    await using app = await Upstream.http((request, response) => response.end(request.url));
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
    const heard = await say(router.port, `${get("/1") + get("/2")}POST /3 HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nxx${get("/4", bye)}`);
    expect(heard.match(/\r\n\r\n\/\d/g)?.map((each) => each.trim())).toEqual(["/1", "/2", "/3", "/4"]);
  });

  test("stream: the first part arrives before the last is sent", async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    await using app = await Upstream.http(async (_request, response) => {
      response.write("first");
      await go;
      response.end("last");
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    using talk = new Talk(router.port);
    talk.say(`GET / HTTP/1.1\r\n${host}\r\n`);
    expect(await talk.until("first")).not.toContain("last");
    resolve();
    await talk.until("last");
  });

  test("large bodies arrive whole, though both sides are slow in turn", async () => {
    const size = 20 * 1024 * 1024;
    await using app = await Upstream.http((request, response) => {
      request.pipe(response);
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const sent = httpRequest({ port: router.port, method: "POST", headers: { "content-length": size } });
    sent.end(Buffer.alloc(size, "x"));
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Buffer>) bytes += piece.length;
    expect(bytes).toBe(size);
  });

  test("HEAD, 204 and 304 have no body, and the connection goes on", async () => {
    await using app = await Upstream.http((request, response) => {
      const status = Number(request.url?.slice(1)) || 200;
      response
        .writeHead(status, status === 200 ? { "content-length": "10" } : {})
        .end(request.method === "HEAD" || status !== 200 ? undefined : "0123456789");
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const heard = await say(
      router.port,
      `HEAD / HTTP/1.1\r\n${host}\r\nGET /204 HTTP/1.1\r\n${host}\r\nGET /304 HTTP/1.1\r\n${host}\r\nGET / HTTP/1.1\r\n${host}${bye}\r\n`,
    );
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 304", "HTTP/1.1 200"]);
    expect(heard.endsWith("\r\n\r\n0123456789")).toBe(true);
  });

  test("100-continue and early hints pass, and the body after them", async () => {
    await using app = await Upstream.http(async (request, response) => {
      response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.end(await text(request));
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    using talk = new Talk(router.port);
    talk.say(`POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
    await talk.until("HTTP/1.1 100 Continue\r\n\r\n");
    talk.say("abc");
    expect(await talk.until(/abc$/)).toContain("HTTP/1.1 103 Early Hints\r\n");
  });

  test("trailers pass", async () => {
    await using app = await Upstream.http((_request, response) => {
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("abc");
      response.addTrailers({ "X-Sum": "42" });
      response.end();
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    expect(await say(router.port, `GET / HTTP/1.1\r\n${host}${bye}\r\n`)).toContain("0\r\nX-Sum: 42\r\n\r\n");
  });

  test("a client of HTTP/1.0 gets the content of chunks, and the end", async () => {
    await using app = await Upstream.http((_request, response) => {
      response.write("abc");
      response.end("def");
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const heard = await say(router.port, "GET / HTTP/1.0\r\nHost: shop\r\n\r\n");
    expect(heard.endsWith("\r\n\r\nabcdef")).toBe(true);
    expect(heard.toLowerCase()).not.toContain("chunked");
  });

  test("an answer until the close is passed on, and closes", async () => {
    await using app = await Upstream.raw((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it")));
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    expect(await say(router.port, `GET / HTTP/1.1\r\n${host}\r\n`)).toMatch(/Connection: close\r\n\r\nall of it$/);
  });

  test("a client that has ended its side still gets its answer", async () => {
    await using app = await Upstream.http((_request, response) => response.end("answer"));
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    using talk = new Talk(router.port);
    talk.socket.end(`GET / HTTP/1.1\r\n${host}\r\n`);
    await talk.until("answer");
  });
});

describe("upgrades", () => {
  test("WebSockets pass both ways, and are told when their process goes", async () => {
    await using app = await Upstream.http(() => undefined);
    app.server.on("upgrade", (request: import("node:http").IncomingMessage, socket: import("node:net").Socket, head: Buffer) => {
      const key = request.headers["sec-websocket-key"];
      const accept = process
        .getBuiltinModule("node:crypto")
        .createHash("sha1")
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      const echo = (frame: Buffer): void => {
        const length = (frame[1] ?? 0) & 127;
        const mask = frame.subarray(2, 6);
        const payload = Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
        socket.write(Buffer.concat([Buffer.from([0x81, length]), payload]));
      };
      if (head.length > 0) echo(head);
      socket.on("data", echo);
      socket.on("error", () => undefined);
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const client = new WebSocket(`ws://127.0.0.1:${router.port}/chat`);
    await once(client, "open");
    client.send("hola");
    const [message] = (await once(client, "message")) as [MessageEvent];
    expect(message.data).toBe("hola");
    expect(router.inFlight("web.1")).toBe(1);
    const closed = once(client, "close");
    router.goodbye("web.1", 0);
    const [close] = (await closed) as [CloseEvent];
    expect(close.code).toBe(1012);
    await router.drained("web.1");
  });
});

describe("where nothing serves", () => {
  test("503 with Retry-After when no process is ready, as the client likes to read it", async () => {
    await using router = await routerTo([]);
    const plain = await say(router.port, `GET / HTTP/1.1\r\n${host}${bye}\r\n`);
    expect(plain).toMatch(/^HTTP\/1\.1 503 .*\r\n(.*\r\n)*Retry-After: \d+\r\n/);
    expect(plain).toContain("Douze-Error: no-process-ready");
    const json = await say(router.port, `GET / HTTP/1.1\r\n${host}Accept: application/json\r\n${bye}\r\n`);
    expect(JSON.parse(json.split("\r\n\r\n")[1] ?? "")).toMatchObject({ status: 503, code: "no-process-ready" });
    const page = await say(router.port, `GET / HTTP/1.1\r\n${host}Accept: text/html\r\n${bye}\r\n`);
    expect(page).toContain("<!doctype html>");
  });

  test("maintenance answers 503 though processes are ready", async () => {
    await using app = await Upstream.http((_request, response) => response.end("served"));
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    router.route({ app: "shop", hosts: [], fallback: true, targets: [{ name: "web.1", port: app.port }], maintenance: true });
    expect(await say(router.port, `GET / HTTP/1.1\r\n${host}${bye}\r\n`)).toContain("Douze-Error: maintenance");
  });

  test("404 for a host that no app has", async () => {
    await using router = await Router.listen({ host: "127.0.0.1", port: 0 });
    router.route({ app: "shop", hosts: ["shop.example.org"], fallback: false, targets: [], maintenance: false });
    expect(await say(router.port, `GET / HTTP/1.1\r\nHost: other\r\n${bye}\r\n`)).toContain("HTTP/1.1 404 ");
  });

  test("a process that refuses is passed over for one that accepts", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await using app = await Upstream.http((_request, response) => response.end("served"));
    await using router = await routerTo([
      { name: "web.1", port },
      { name: "web.2", port: app.port },
    ]);
    for (let index = 0; index < 4; index += 1)
      expect(await say(router.port, `POST / HTTP/1.1\r\n${host}Content-Length: 2\r\n${bye}\r\nxx`)).toContain("served");
  });

  test("502 when the process closes without an answer, and the request is not sent twice", async () => {
    let requests = 0;
    await using app = await Upstream.raw((socket) =>
      socket.once("data", () => {
        requests += 1;
        socket.destroy();
      }),
    );
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    expect(await say(router.port, `POST / HTTP/1.1\r\n${host}Content-Length: 2\r\n${bye}\r\nxx`)).toContain("Douze-Error: process-gone");
    expect(requests).toBe(1);
  });

  test.each([
    ["no status line", "hello there\r\n\r\n"],
    ["both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"],
    ["two different lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
    ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
    ["an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  ])("502 for an answer with %s", async (_name, answer) => {
    await using app = await Upstream.raw((socket) => socket.once("data", () => socket.write(answer)));
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    expect(await say(router.port, `GET / HTTP/1.1\r\n${host}${bye}\r\n`)).toContain("HTTP/1.1 502 ");
  });

  test("a broken answer ends the connection, so that nobody takes it for whole", async () => {
    await using app = await Upstream.raw((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")),
    );
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const heard = await say(router.port, `GET / HTTP/1.1\r\n${host}\r\n`);
    expect(heard.endsWith("abc")).toBe(true);
  });

  test("time-outs: a slow head, a slow answer, a body that stops", async () => {
    await using silent = await Upstream.raw(() => undefined);
    await using router = await routerTo([{ name: "web.1", port: silent.port }], { limits: { headMs: 1, firstByteMs: 1, quietMs: 1 } });
    expect(await say(router.port, "GET / HTTP/1.1\r\nHo")).toContain("HTTP/1.1 408 ");
    expect(await say(router.port, `GET / HTTP/1.1\r\n${host}${bye}\r\n`)).toContain("HTTP/1.1 504 ");
    expect(await say(router.port, `POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nxx`)).toContain("HTTP/1.1 408 ");
  });
});

describe("smuggling", () => {
  test.each([
    ["a refused head", `GET / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ["a refused chunk", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ])("nothing behind %s reaches a process", async (_name, start) => {
    const seen: (string | undefined)[] = [];
    await using app = await Upstream.http((request, response) => {
      seen.push(request.url);
      request.on("error", () => undefined);
      response.end("served");
    });
    await using router = await routerTo([{ name: "web.1", port: app.port }]);
    const heard = await say(router.port, `${start}GET /hidden HTTP/1.1\r\n${host}\r\n`);
    expect(heard).toContain("HTTP/1.1 400 ");
    expect(seen).not.toContain("/hidden");
  });
});

describe("a switch under load", () => {
  test("loses no request over fifty replacements of all processes", async () => {
    const start = async (name: string): Promise<{ name: string; upstream: Upstream }> => ({
      name,
      upstream: await Upstream.http((_request, response) => response.end(name)),
    });
    await using router = await Router.listen({ host: "127.0.0.1", port: 0 });
    const point = (name: string, port: number): void =>
      router.route({ app: "shop", hosts: [], fallback: true, targets: [{ name, port }], maintenance: false });
    let now = await start("v0");
    point(now.name, now.upstream.port);
    let running = true;
    const failures: unknown[] = [];
    let answered = 0;
    const client = async (keepAlive: boolean): Promise<void> => {
      const agent = new Agent({ keepAlive });
      while (running) {
        try {
          const sent = httpRequest({ port: router.port, agent });
          sent.end();
          const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
          const body = await text(response);
          if (response.statusCode !== 200 || !body.startsWith("v")) failures.push([response.statusCode, body]);
          answered += 1;
        } catch (error) {
          failures.push(error);
        }
      }
      agent.destroy();
    };
    const clients = Array.from({ length: 8 }, (_, index) => client(index % 2 === 0));
    for (let round = 1; round <= 50; round += 1) {
      const next = await start(`v${round}`);
      const before = answered;
      point(next.name, next.upstream.port);
      await router.drained(now.name);
      await now.upstream[Symbol.asyncDispose]();
      now = next;
      while (answered < before + 10) await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
    await Promise.all(clients);
    await now.upstream[Symbol.asyncDispose]();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(500);
  });
});

test("each request is told of once, without its query", async () => {
  const records: AccessRecord[] = [];
  await using app = await Upstream.http((_request, response) => response.end("12345"));
  await using router = await routerTo([{ name: "web.1-v4-abc", port: app.port }], { onAccess: (record) => void records.push(record) });
  await say(router.port, `GET /a?token=secret HTTP/1.1\r\n${host}${bye}\r\n`);
  await say(router.port, `BAD\r\n\r\n`);
  expect(records).toHaveLength(1);
  const [record] = records;
  expect(record).toMatchObject({ method: "GET", path: "/a", status: 200, bytes: 5, host: "shop", target: "web.1-v4-abc" });
  expect(record && accessLine(record)).toMatch(
    /^at=info method=GET path="\/a" host=shop request_id=\S+ fwd="127\.0\.0\.1" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=5$/,
  );
});

test("a taken port is a problem that names who holds it", async () => {
  await using first = await Router.listen({ host: "127.0.0.1", port: 0 });
  const refused = Router.listen({ host: "127.0.0.1", port: first.port });
  await expect(refused).rejects.toThrow(
    expect.objectContaining<Partial<Problem>>({ code: "port-taken", why: `pid ${process.pid} listens there already` }),
  );
});

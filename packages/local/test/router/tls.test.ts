import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants, type OutgoingHttpHeaders } from "node:http2";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { CertificateFiles } from "@douze/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccessRecord } from "../../src/router/access.ts";
import type { Router } from "../../src/router/router.ts";
import { makeCertificate } from "../support/certificate.ts";
import { routerTo, say, Upstream } from "./support/raw.ts";

const folder = mkdtempSync(join(tmpdir(), "douze-tls-"));
let [shop, other]: CertificateFiles[] = [];

beforeAll(() => {
  shop = makeCertificate(folder, "shop", ["DNS:shop.example", "DNS:*.shop.example", "IP:127.0.0.1"]);
  other = makeCertificate(folder, "other", ["DNS:other.example"]);
});

afterAll(() => rmSync(folder, { recursive: true }));

const files = (): CertificateFiles[] => [shop, other].flatMap((each) => each ?? []);

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request of HTTP/1.1 over TLS. */
async function ask(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const asking = httpsRequest({ port, host: "127.0.0.1", path, headers, ca: readFileSync(shop?.cert ?? ""), agent: false });
  asking.end();
  const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** A client of HTTP/2. */
class Client2 implements AsyncDisposable {
  readonly session: ClientHttp2Session;

  constructor(port: number) {
    this.session = connectHttp2(`https://127.0.0.1:${port}`, { ca: readFileSync(shop?.cert ?? "") });
    this.session.on("error", () => undefined);
  }

  begin(headers: OutgoingHttpHeaders, endStream = true): ClientHttp2Stream {
    return this.session.request(headers, { endStream });
  }

  async ask(headers: OutgoingHttpHeaders, body?: string): Promise<Answered> {
    const stream = this.begin(headers, body === undefined);
    if (body !== undefined) stream.end(body);
    const [answered] = (await once(stream, "response")) as [import("node:http2").IncomingHttpHeaders];
    return { status: Number(answered[":status"]), headers: answered as Answered["headers"], body: await text(stream) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
  }
}

/** The certificate that a port shows to who asks for a host. */
async function shown(port: number, servername: string): Promise<{ readonly fingerprint: string; readonly protocol: string | null }> {
  const socket: TLSSocket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const found = { fingerprint: socket.getPeerCertificate().fingerprint256, protocol: socket.getProtocol() };
  socket.end();
  await once(socket, "close");
  return found;
}

const fingerprint = (path: string): string => new X509Certificate(readFileSync(path)).fingerprint256;

async function echo(): Promise<Upstream> {
  return await Upstream.http(async (request, response) => {
    const body = await text(request);
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
}

async function secured(app: Upstream, more: Partial<Parameters<typeof routerTo>[1]> = {}): Promise<Router> {
  return await routerTo([{ name: "web.1", port: app.port }], { tls: files(), ...more });
}

test("HTTP/1.1 over TLS: the process is told that it was", async () => {
  await using app = await echo();
  await using router = await secured(app);
  const { status, body } = await ask(router.port, "/a?b=c", { host: "shop.example" });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ url: "/a?b=c", headers: { "x-forwarded-proto": "https", host: "shop.example" } });
});

describe("HTTP/2", () => {
  test("requests with and without bodies, at once on one connection", async () => {
    const records: AccessRecord[] = [];
    await using app = await echo();
    await using router = await secured(app, { onAccess: (record) => records.push(record) });
    await using client = new Client2(router.port);
    const asked = Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0
        ? client.ask({ ":path": `/${index}`, ":authority": "shop.example", cookie: ["x=1", "y=2"], te: "trailers" })
        : client.ask({ ":path": `/${index}`, ":method": "POST", ":authority": "shop.example" }, `body ${index}`),
    );
    for (const [index, { status, headers, body }] of (await Promise.all(asked)).entries()) {
      expect(status).toBe(200);
      expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
      expect(headers).not.toHaveProperty("connection");
      expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
      expect(JSON.parse(body)).toMatchObject(
        index % 2 === 0
          ? {
              method: "GET",
              url: `/${index}`,
              body: "",
              headers: { cookie: "x=1; y=2", host: "shop.example", "x-forwarded-proto": "https" },
            }
          : { method: "POST", url: `/${index}`, body: `body ${index}` },
      );
    }
    await expect.poll(() => records.length).toBe(50);
    expect(records.every(({ status, target }) => status === 200 && target === "web.1")).toBe(true);
    expect(router.inFlight("web.1")).toBe(0);
  });

  test("large bodies both ways arrive whole, with back-pressure", async () => {
    const size = 8 * 1024 * 1024;
    await using app = await Upstream.http(async (request, response) => {
      let bytes = 0;
      for await (const piece of request) bytes += (piece as Buffer).length;
      response.writeHead(200, { "content-length": String(size), "x-bytes": String(bytes) });
      response.end(Buffer.alloc(size, "y"));
    });
    await using router = await secured(app);
    await using client = new Client2(router.port);
    for (const length of [undefined, String(size)]) {
      const { headers, body } = await client.ask(
        { ":method": "POST", ":path": "/", ...(length && { "content-length": length }) },
        "x".repeat(size),
      );
      expect(headers["x-bytes"]).toBe(String(size));
      expect(body).toHaveLength(size);
    }
  });

  test("HEAD, no content, streamed answers, early hints", async () => {
    await using app = await Upstream.http((request, response) => {
      if (request.url === "/none") return response.writeHead(204).end();
      if (request.url === "/hints") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.write("one ");
      return response.end("two");
    });
    await using router = await secured(app);
    await using client = new Client2(router.port);
    expect(await client.ask({ ":method": "HEAD", ":path": "/" })).toMatchObject({ status: 200, body: "" });
    expect(await client.ask({ ":path": "/none" })).toMatchObject({ status: 204, body: "" });
    const stream = client.begin({ ":path": "/hints" });
    const [hints] = await once(stream, "headers");
    expect(hints).toMatchObject({ ":status": 103, link: "</a.css>; rel=preload" });
    expect(await text(stream)).toBe("one two");
  });

  test("a client that gives up is counted out, and one request ends no other", async () => {
    const records: AccessRecord[] = [];
    const begun = Promise.withResolvers<void>();
    await using app = await Upstream.http((request, response) => {
      if (request.url !== "/slow") return void response.end("quick");
      response.write("begun");
      return begun.resolve();
    });
    await using router = await secured(app, { onAccess: (record) => records.push(record) });
    await using client = new Client2(router.port);
    const slow = client.begin({ ":path": "/slow" });
    slow.on("error", () => undefined);
    await begun.promise;
    slow.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => records.map(({ path, status }) => [path, status])).toEqual([["/slow", 499]]);
    await expect.poll(() => router.inFlight("web.1")).toBe(0);
    expect((await client.ask({ ":path": "/" })).body).toBe("quick");
  });

  test("an answer that breaks off is no whole answer", async () => {
    await using app = await Upstream.raw((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"));
    });
    await using router = await secured(app);
    await using client = new Client2(router.port);
    const stream = client.begin({ ":path": "/" });
    stream.resume();
    const [error] = (await once(stream, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ERR_HTTP2_STREAM_ERROR");
  });

  test("what HTTP/1.1 would be refused for is refused here", async () => {
    const seen: string[] = [];
    await using app = await Upstream.http((request, response) => {
      seen.push(request.url ?? "");
      response.end();
    });
    await using router = await secured(app);
    await using client = new Client2(router.port);
    expect(await client.ask({ ":path": "/two-hosts", ":authority": "shop.example", host: "other.example" })).toMatchObject({ status: 400 });
    await expect(client.ask({ ":path": "/a b" })).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" });
    expect(await client.ask({ ":path": "/long", cookie: "x".repeat(9_000) })).toMatchObject({ status: 431 });
    expect(await client.ask({ ":path": "/" })).toMatchObject({ status: 200 });
    expect(seen).toEqual(["/"]);
  });

  test("a router that retires finishes what was begun and tells its clients to go", async () => {
    const release = Promise.withResolvers<void>();
    await using app = await Upstream.http(async (_request, response) => {
      await release.promise;
      response.end("whole");
    });
    await using router = await secured(app);
    await using client = new Client2(router.port);
    const answer = client.ask({ ":path": "/" });
    await expect.poll(() => router.inFlight("web.1")).toBe(1);
    const gone = once(client.session, "goaway");
    const retired = router.retire();
    await gone;
    release.resolve();
    expect((await answer).body).toBe("whole");
    await retired;
  });
});

describe("certificates", () => {
  test("by the host that a client names; nothing older than TLS 1.2", async () => {
    await using app = await echo();
    await using router = await secured(app);
    const [one, two] = [fingerprint(shop?.cert ?? ""), fingerprint(other?.cert ?? "")];
    expect((await shown(router.port, "www.shop.example")).fingerprint).toBe(one);
    expect((await shown(router.port, "other.example")).fingerprint).toBe(two);
    expect((await shown(router.port, "unknown.example")).fingerprint).toBe(one);
    const old = connectTls({ port: router.port, host: "127.0.0.1", maxVersion: "TLSv1.1", minVersion: "TLSv1", rejectUnauthorized: false });
    await once(old, "error");
    expect((await shown(router.port, "shop.example")).protocol).toBe("TLSv1.3");
  });

  test("are read anew when their files change, connections go on; a key that is not theirs changes nothing", async () => {
    const notes: string[] = [];
    const [cert, key] = [join(folder, "live.cert.pem"), join(folder, "live.key.pem")];
    copyFileSync(shop?.cert ?? "", cert);
    copyFileSync(shop?.key ?? "", key);
    await using app = await echo();
    await using router = await routerTo([{ name: "web.1", port: app.port }], { tls: [{ cert, key }], note: (said) => notes.push(said) });
    await using client = new Client2(router.port);
    expect((await client.ask({ ":path": "/" })).status).toBe(200);
    const before = (await shown(router.port, "shop.example")).fingerprint;
    const renewed = makeCertificate(folder, "renewed", ["DNS:shop.example"]);
    renameSync(renewed.cert, cert);
    await expect.poll(() => notes.at(-1), { timeout: 10_000 }).toContain("the former one goes on");
    expect((await shown(router.port, "shop.example")).fingerprint).toBe(before);
    renameSync(renewed.key, key);
    await expect.poll(async () => (await shown(router.port, "shop.example")).fingerprint, { timeout: 10_000 }).toBe(fingerprint(cert));
    expect((await client.ask({ ":path": "/" })).status).toBe(200);
    writeFileSync(cert, "no certificate");
    await expect.poll(() => notes.at(-1), { timeout: 10_000 }).toContain("cannot be used");
    expect((await shown(router.port, "shop.example")).fingerprint).not.toBe(before);
  });
});

test("a plain port sends on to TLS, and answers an authority", async () => {
  await using router = await routerTo([]);
  const route = { app: "shop", hosts: ["shop.example"], fallback: false, targets: [], maintenance: false };
  router.route({ ...route, redirectPort: 443, challenges: { token: "token.thumbprint" } });
  const get = (path: string, how = "GET"): Promise<string> =>
    say(router.port, `${how} ${path} HTTP/1.1\r\nHost: shop.example:80\r\nConnection: close\r\n\r\n`);
  expect(await get("/a?b")).toMatch(/^HTTP\/1\.1 308 [\s\S]*Location: https:\/\/shop\.example\/a\?b\r\n/);
  expect(await get("/.well-known/acme-challenge/token")).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\ntoken\.thumbprint$/);
  expect(await get("/.well-known/acme-challenge/other")).toMatch(/^HTTP\/1\.1 308 /);
  router.route({ ...route, redirectPort: 8443 });
  expect(await get("/", "HEAD")).toMatch(/Location: https:\/\/shop\.example:8443\/\r\n[\s\S]*\r\n\r\n$/);
});

test("browsers are told to come by TLS alone, unless the app tells them something else", async () => {
  await using app = await Upstream.http((request, response) => {
    if (request.url === "/own") response.setHeader("Strict-Transport-Security", "max-age=1");
    response.end();
  });
  await using router = await routerTo([], { tls: files() });
  router.route({
    app: "shop",
    hosts: [],
    fallback: true,
    targets: [{ name: "web.1", port: app.port }],
    maintenance: false,
    hstsSeconds: 3600,
  });
  expect((await ask(router.port, "/")).headers["strict-transport-security"]).toBe("max-age=3600");
  expect((await ask(router.port, "/own")).headers["strict-transport-security"]).toBe("max-age=1");
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRefusal, readHead } from "../../src/router/head.ts";
import { defaultLimits } from "../../src/router/limits.ts";
import { readRequest } from "../../src/router/request.ts";
import { upstreamHead } from "../../src/router/rewrite.ts";

function understood(text: string): ReturnType<typeof readRequest> | undefined {
  const head = readHead(Buffer.from(text, "latin1"), defaultLimits);
  return head && !isRefusal(head) ? readRequest(head) : head;
}

const get = (...lines: string[]): string => `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

describe("what two readers could understand differently is refused", () => {
  test.each<[string, string]>([
    ["Content-Length and Transfer-Encoding", get("Content-Length: 4", "Transfer-Encoding: chunked")],
    ["Transfer-Encoding and Content-Length", get("Transfer-Encoding: chunked", "Content-Length: 4")],
    ["two lengths", get("Content-Length: 4", "Content-Length: 5")],
    ["two equal lengths", get("Content-Length: 4", "Content-Length: 4")],
    ["a list of lengths", get("Content-Length: 4, 4")],
    ["a signed length", get("Content-Length: +4")],
    ["a hexadecimal length", get("Content-Length: 0x10")],
    ["a negative length", get("Content-Length: -1")],
    ["an empty length", get("Content-Length:")],
    ["a length with a space in it", get("Content-Length: 1 0")],
    ["a length too large for a number", get("Content-Length: 99999999999999999999")],
    ["an unknown coding", get("Transfer-Encoding: xchunked")],
    ["chunked that is not last", get("Transfer-Encoding: chunked, identity")],
    ["chunked twice", get("Transfer-Encoding: chunked, chunked")],
    ["two Transfer-Encodings", get("Transfer-Encoding: chunked", "Transfer-Encoding: identity")],
    ["a coding in quotes", get('Transfer-Encoding: "chunked"')],
    ["a coding with a tab inside", get("Transfer-Encoding: \tchunked\t,")],
    ["a coding behind a vertical tab", get("Transfer-Encoding: \x0bchunked")],
    ["a coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["a space before the colon", get("Transfer-Encoding : chunked")],
    ["a tab before the colon", get("Content-Length\t: 4")],
    ["a header that goes on in the next line", get("X: a", " b")],
    ["a first header that begins with a space", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"],
    ["a line that ends in LF alone", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
    ["a first line that ends in LF alone", "GET / HTTP/1.1\nHost: a\r\n\r\n"],
    ["a head in LF alone", "GET / HTTP/1.1\nHost: a\n\n"],
    ["a CR in a header", get("X: a\rb")],
    ["a NUL in a header", get("X: a\0b")],
    ["a header without a name", get(": a")],
    ["a header without a colon", get("nonsense")],
    ["a name with a bracket", get("X[a]: b")],
    ["two hosts", get("Host: b")],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["a host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
    ["a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    ["a target at another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a target with user", "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n"],
    ["a target that is none", "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a method with a bracket", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a first line of two words", "GET /\r\nHost: a\r\n\r\n"],
    ["lower-case http", "GET / http/1.1\r\nHost: a\r\n\r\n"],
  ])("%s", (_name, text) => {
    expect(understood(text)).toMatchObject({ status: 400, code: "bad-request" });
  });

  test.each<[string, string, number]>([
    ["another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
    ["a CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["a first line that is too long", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ["an endless first line", `GET /${"a".repeat(9000)}`, 414],
    ["a header that is too long", get(`X: ${"a".repeat(9000)}`), 431],
    ["too many headers", get(...Array.from({ length: 101 }, (_, index) => `X-${index}: a`)), 431],
    ["an endless head", `GET / HTTP/1.1\r\nHost: a\r\n${`X: ${"a".repeat(4000)}\r\n`.repeat(20)}`, 431],
  ])("%s is refused with its own status", (_name, text, status) => {
    expect(understood(text)).toMatchObject({ status });
  });
});

describe("what is sound is understood", () => {
  test.each<[string, string, object]>([
    ["a plain request", get(), { method: "GET", target: "/", host: "a", keepAlive: true, framing: { kind: "none" } }],
    ["a body with a length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", { framing: { kind: "length", bytes: 12 } }],
    ["chunks", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", { framing: { kind: "chunked" } }],
    ["a host with a port", "GET / HTTP/1.1\r\nHost: Shop.Example.org.:5000\r\n\r\n", { host: "shop.example.org" }],
    ["an address in brackets", "GET / HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n", { host: "[::1]" }],
    ["an absolute target", "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n", { target: "/b?c", host: "a" }],
    ["an absolute target with a query alone", "GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n", { target: "/?c" }],
    ["OPTIONS for the whole server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", { target: "*" }],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", { keepAlive: false, host: "", minor: 0 }],
    ["HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", { keepAlive: true }],
    ["a close", get("Connection: foo, Close"), { keepAlive: false }],
    ["an upgrade", get("Connection: keep-alive, Upgrade", "Upgrade: websocket"), { upgrade: true }],
    ["an upgrade that Connection does not name", get("Upgrade: websocket"), { upgrade: false }],
    ["an empty line before", `\r\n${get()}`, { method: "GET" }],
    ["bytes over 127 in a value", get("X: gr\xfc\xdfe"), { method: "GET" }],
  ])("%s", (_name, text, expected) => {
    expect(understood(text)).toMatchObject(expected);
  });

  test("cut anywhere, it is read the same once it is whole, and never earlier", () => {
    const text = get("Content-Length: 5", "X: y");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (cut) => {
        const part = readHead(Buffer.from(text.slice(0, cut)), defaultLimits);
        expect(part).toEqual(cut === text.length ? readHead(Buffer.from(text), defaultLimits) : undefined);
      }),
    );
  });

  test("whatever bytes come, the answer is a head, a refusal, or to wait", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const head = readHead(Buffer.from(bytes), defaultLimits);
        if (head && !isRefusal(head)) expect(readRequest(head)).toBeTypeOf("object");
        else if (head) expect(head.status).toBeGreaterThanOrEqual(400);
      }),
    );
  });
});

describe("the head that goes on", () => {
  const peer = { address: "10.1.2.3", port: 5000, trusted: false, protocol: "http" as const };
  const onward = (text: string, rest: Partial<typeof peer> = {}): string => {
    const request = understood(text);
    if (!request || "code" in request) throw new Error("it was refused");
    return upstreamHead(request, { ...peer, ...rest }, 1234, () => "made-id").text;
  };

  test("leaves out what concerns this hop alone, and what Connection names", () => {
    const text = onward(
      get("Connection: x-mine, keep-alive", "X-Mine: 1", "Keep-Alive: 5", "TE: trailers", "Proxy-Authorization: no", "X-Yours: 2"),
    );
    expect(text).not.toMatch(/x-mine: 1|keep-alive: 5|te: |proxy-auth/i);
    expect(text).toContain("X-Yours: 2\r\n");
  });

  test("replaces what a client says of itself", () => {
    const text = onward(
      get("X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https", "Forwarded: for=1.1.1.1", "Via: 1.1 elsewhere", "X-Request-Id: short"),
    );
    expect(text).toContain("X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 5000\r\n");
    expect(text).toContain('Forwarded: for=10.1.2.3;host="a";proto=http\r\n');
    expect(text).toContain("Via: 1.1 elsewhere, 1.1 douze\r\n");
    expect(text).toContain("X-Request-Id: made-id\r\nX-Request-Start: 1234\r\n");
    expect(text).not.toContain("1.1.1.1");
  });

  test("believes a trusted peer, and adds to what it says", () => {
    const text = onward(get("X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https", "Forwarded: for=1.1.1.1"), { trusted: true });
    expect(text).toContain("X-Forwarded-For: 1.1.1.1, 10.1.2.3\r\nX-Forwarded-Proto: https\r\n");
    expect(text).toContain('Forwarded: for=1.1.1.1, for=10.1.2.3;host="a";proto=http\r\n');
  });

  test("keeps a good request id", () => {
    expect(onward(get("X-Request-Id: 0123456789abcdef0123"))).toContain("X-Request-Id: 0123456789abcdef0123\r\n");
  });
});

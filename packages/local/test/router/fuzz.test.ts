import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import type { AccessRecord } from "../../src/router/access.ts";
import { chances } from "../support/chances.ts";
import { routerTo, Upstream } from "./support/raw.ts";

/** `ROUNDS=100000 SEED=7 npx vitest run packages/local/test/router/fuzz.test.ts` */
const rounds = Number(process.env["ROUNDS"] ?? 1_500);
const seed = Number(process.env["SEED"] ?? Date.now() % 100_000);

const chance = chances(seed);
const below = (count: number): number => Math.floor(chance() * count);
const anyOf = (choices: readonly string[]): string => choices[below(choices.length)] ?? "";

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const sound: readonly string[] = [
  "GET /one HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
  "POST /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
  `POST /four HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  `POST /five HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  "HEAD /six HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Y\r\nX-Y: z\r\n\r\n",
];

/** What parsers have been known to understand differently. */
const odd: readonly string[] = [
  ...["\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", "\0", "\x0b", ":", ";", ",", "0\r\n\r\n", "\xff", "\x85", "\xa0"],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding:\x0bchunked\r\n",
  ],
  ...[
    "Transfer-Encoding: identity, chunked\r\n",
    "transfer-encoding: Chunked\r\n",
    " Transfer-Encoding: chunked\r\n",
    "X: a\nTransfer-Encoding: chunked\r\n",
  ],
  ...[
    "Content-Length: 0\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: 0x5\r\n",
    "Content-Length:\r\n",
  ],
  ...[
    "Connection: Transfer-Encoding\r\n",
    "Connection: Content-Length\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\nConnection: Upgrade\r\n",
  ],
  ...["5;\r\n", "5 \r\n", "0x5\r\n", "-5\r\n", "ffffffffffffffff\r\n", "00000005\r\n", "5\n", smuggled],
];

function spoilt(text: string): string {
  let now = text;
  for (let left = below(3); left >= 0; left--) {
    const [at, end] = [below(now.length + 1), below(now.length + 1)].toSorted((a, b) => a - b) as [number, number];
    switch (below(4)) {
      case 0:
        now = now.slice(0, at) + anyOf(odd) + now.slice(at);
        break;
      case 1:
        now = now.slice(0, at) + now.slice(Math.min(end, at + 8));
        break;
      case 2:
        now = now.slice(0, end) + now.slice(at, Math.min(end, at + 64)) + now.slice(end);
        break;
      case 3: {
        // At the beginning of a line, where headers are.
        const lines = now.split("\r\n");
        lines.splice(below(lines.length), 0, anyOf(odd).replace(/\r\n$/, ""));
        now = lines.join("\r\n");
      }
    }
  }
  return now;
}

/** Says bytes in pieces, ends, and waits until the other side has ended too. */
async function say(port: number, text: string): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => undefined).resume();
  const pieces = 1 + below(3);
  const cuts = Array.from({ length: pieces - 1 }, () => below(text.length + 1)).toSorted((a, b) => a - b);
  for (const [index, from] of [0, ...cuts].entries()) {
    socket.write(text.slice(from, cuts[index] ?? text.length), "latin1");
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  if (!socket.destroyed) await once(socket, "close");
}

test(`a process gets those requests that the router has counted, and no other, whatever clients say (seed ${seed})`, async () => {
  const got: string[] = [];
  const broken: string[] = [];
  let said = "";
  await using upstream = await Upstream.http((request, response) => {
    got.push(`${request.method} ${request.headers["x-request-id"]}`);
    request.on("error", () => undefined).resume();
    request.on("end", () => response.end("answer"));
  });
  // What the router passes on is understood by a strict reader, or ends before it is whole.
  upstream.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Methods that it does not know, and letters in a path that it does not take, are none of the router's business.
    if (!["ECONNRESET", "HPE_INVALID_EOF_STATE", "HPE_INVALID_METHOD", "HPE_INVALID_URL"].includes(error.code ?? ""))
      broken.push(`${error.code}: ${JSON.stringify(said)}`);
    socket.destroy();
  });
  const records: AccessRecord[] = [];
  await using router = await routerTo([{ name: "web.1", port: upstream.port }], { onAccess: (record) => records.push(record) });
  for (let round = 0; round < rounds; round++) {
    said = Array.from({ length: 1 + below(3) }, () => (chance() < 0.8 ? spoilt(anyOf(sound)) : anyOf(sound))).join("");
    await say(router.port, said);
    const counted = records.map(({ method, requestId }) => `${method} ${requestId}`);
    expect({ said, uncounted: got.filter((each) => !counted.includes(each)) }).toEqual({ said, uncounted: [] });
    expect({ said, twice: got.filter((each, index) => got.indexOf(each) !== index) }).toEqual({ said, twice: [] });
    got.length = 0;
    records.length = 0;
  }
  expect(broken).toEqual([]);

  // It still answers.
  const answer = await fetch(`http://127.0.0.1:${router.port}/`);
  expect(await answer.text()).toBe("answer");
}, 600_000);

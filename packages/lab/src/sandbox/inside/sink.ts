import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { instant } from "./clock.ts";
import type { Egress } from "./orders.ts";
import { protocolOf } from "./protocol.ts";

/** Where services usually are. Nobody's web server is among them: an app may want those for itself. */
const servicePorts = [25, 465, 587, 3306, 4317, 4318, 5432, 5672, 6379, 9092, 9200, 11211, 27017];
/** At addresses that a name was looked up for, these too. */
const webPorts = [80, 443];

/** These speak first, and only then tells the client who it is. */
const greetings: Readonly<Record<number, string>> = { 25: "220 sandbox ESMTP\r\n", 587: "220 sandbox ESMTP\r\n" };

/** How long a client has for its first words, in milliseconds. */
const wordsMs = 200;

/**
 * Everybody whom the app might want to reach and who is not one of its services: a name server that knows every name, and a listener
 * where those are said to be. It writes down who was asked for, and closes the connection.
 */
export class Sink {
  readonly #seen: Egress[] = [];
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  get seen(): readonly Egress[] {
    return this.#seen;
  }

  async open(): Promise<void> {
    const dns = createSocket("udp4");
    dns.on("message", (query, from) => this.#answer(dns, query, from.port, from.address));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    dns.once("error", reject);
    dns.bind(53, "0.0.0.0", () => resolve());
    await promise;
    // Where an app looks that falls back to this machine. At other addresses no name was asked for: those are refused, and traced.
    for (const port of servicePorts) await this.#listen(port, "127.0.0.1");
  }

  /** A name of the sandbox's own, such as a service's; asking for it is not written down. */
  know(name: string, address: string): void {
    this.#addresses.set(name.toLowerCase(), address);
  }

  #answer(dns: UdpSocket, query: Buffer, port: number, address: string): void {
    const asked = questionOf(query);
    if (!asked) return;
    const name = asked.name.toLowerCase();
    const known = this.#addresses.get(name);
    const given = known ?? this.#invented(name);
    // Only addresses of IPv4: what the app then connects to is one of ours in any case.
    dns.send(answerTo(query, asked.end, asked.type === 1 ? given : undefined), port, address, () => undefined);
  }

  /** One of its own for each name, so that a connection leads back to the name. */
  #invented(name: string): string {
    const number = this.#names.size + 1;
    const address = `10.98.${number >> 8}.${number & 255}`;
    this.#addresses.set(name, address);
    this.#names.set(address, name);
    this.#seen.push({ at: instant(), host: name });
    for (const port of [...webPorts, ...servicePorts]) this.#listen(port, address).catch(() => undefined);
    return address;
  }

  async #listen(port: number, address: string): Promise<void> {
    const key = `${address}:${port}`;
    if (this.#taken.has(key)) return;
    this.#taken.add(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    // A port that something else has is that thing's: what is asked there is seen by it.
    createServer((socket) => this.#meet(socket, port))
      .once("error", () => resolve())
      .listen(port, address, () => resolve());
    await promise;
  }

  #meet(socket: Socket, port: number): void {
    const at = instant();
    const address = (socket.localAddress ?? "").replace(/^::ffff:/, "");
    const host = this.#names.get(address) ?? address;
    const greeting = greetings[port];
    if (greeting) socket.write(greeting);
    let met = false;
    const conclude = (bytes: Buffer): void => {
      if (met) return;
      met = true;
      const told = protocolOf(bytes);
      this.#seen.push({ at, host: told?.host ?? host, port, ...(told && { protocol: told.protocol }) });
      socket.destroy();
    };
    const timer = setTimeout(() => conclude(Buffer.alloc(0)), wordsMs);
    socket.once("data", conclude);
    socket.on("error", () => conclude(Buffer.alloc(0)));
    socket.on("close", () => {
      clearTimeout(timer);
      conclude(Buffer.alloc(0));
    });
  }
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } | undefined {
  if (query.length < 17 || query.readUInt16BE(4) < 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
    if (at >= query.length) return undefined;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** @see https://www.rfc-editor.org/rfc/rfc1035#section-4.1 */
function answerTo(query: Buffer, end: number, address: string | undefined): Buffer {
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  if (address === undefined) return head;
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split(".").map(Number)]);
  return Buffer.concat([head, record]);
}

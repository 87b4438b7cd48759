import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";

export interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that keeps what it was posted, and answers as it is told. */
export class Collector implements AsyncDisposable {
  readonly got: Got[] = [];
  /** Called for each request. Default: take it. */
  answer: (got: Got, response: ServerResponse) => void = (_got, response) => void response.writeHead(204).end();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async listen(port = 0): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(port, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The lines that were taken, in their order, each once. */
  get lines(): readonly { readonly id: string; readonly message: string; readonly process: string }[] {
    const all = this.got
      .flatMap(({ body }) => body.trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as { id: string; message: string; process: string });
    return [...new Map(all.map((line) => [line.id, line])).values()];
  }

  get messages(): readonly string[] {
    return this.lines.map(({ message }) => message);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const got = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() };
    this.answer(got, response);
    if (response.statusCode < 300) this.got.push(got);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

/** A real rsyslogd with one TCP input, which writes each message as JSON of its parts. */
export class Rsyslog implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  static async start(folder: string, port: number, tls?: { readonly cert: string; readonly key: string }): Promise<Rsyslog> {
    const [config, file, work] = [join(folder, "rsyslog.conf"), join(folder, "received"), join(folder, "work")];
    mkdirSync(work, { recursive: true });
    const driver = tls
      ? `defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${tls.cert}" defaultNetstreamDriverCertFile="${tls.cert}" defaultNetstreamDriverKeyFile="${tls.key}"`
      : "";
    const mode = tls ? 'streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"' : "";
    writeFileSync(
      config,
      `global(workDirectory="${work}" maxMessageSize="256k" ${driver})
module(load="imtcp" ${mode})
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="parts" type="list" option.jsonf="on") {
  property(outname="app" name="app-name" format="jsonf")
  property(outname="process" name="procid" format="jsonf")
  property(outname="priority" name="pri" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
action(type="omfile" file="${file}" template="parts" asyncWriting="off")
`,
    );
    const child = spawn("/usr/sbin/rsyslogd", ["-n", "-f", config, "-i", join(folder, "pid")], { stdio: "ignore" });
    await expect.poll(() => answers(port), { timeout: 10_000 }).toBe(true);
    return new Rsyslog(child, file);
  }

  get messages(): readonly {
    readonly app: string;
    readonly process: string;
    readonly priority: string;
    readonly data: string;
    readonly message: string;
  }[] {
    const text = readFileSync(this.#file, { encoding: "utf8", flag: "a+" });
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

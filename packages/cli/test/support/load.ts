import { createConnection, type Socket } from "node:net";

/** What came of a load. */
export interface Tally {
  readonly requests: number;
  /** Each request that got no whole answer with status 200, in words. */
  readonly failures: readonly string[];
  /** How often each body was answered. */
  readonly bodies: ReadonlyMap<string, number>;
}

/** Clients that ask without pause and never again for the same request: what is lost counts. */
export interface Load {
  /** Lets each client finish its request. */
  stop(): Promise<Tally>;
  readonly requests: number;
}

/**
 * Starts to ask a server over clients that keep their connections and clients that make a new one for each request. A kept connection
 * that ends before the answer to a request failed it, even if the server had closed it a moment before: that it will be closed has to be
 * said in the answer before.
 */
export function load(
  port: number,
  { keeping, fresh, path = "/" }: { readonly keeping: number; readonly fresh: number; readonly path?: string },
): Load {
  const failures: string[] = [];
  const bodies = new Map<string, number>();
  let requests = 0;
  let stopped = false;
  const ask = async (client: Client): Promise<void> => {
    try {
      const { status, body } = await client.ask(path);
      requests++;
      bodies.set(body, (bodies.get(body) ?? 0) + 1);
      if (status !== 200) failures.push(`${status}: ${body.slice(0, 200)}`);
    } catch (error) {
      requests++;
      failures.push(`${client.kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const run = async (keep: boolean): Promise<void> => {
    const client = new Client(port, keep);
    while (!stopped) await ask(client);
    client.close();
  };
  const running = [...Array.from({ length: keeping }, () => run(true)), ...Array.from({ length: fresh }, () => run(false))];
  return {
    get requests() {
      return requests;
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
      return { requests, failures, bodies };
    },
  };
}

/** For one answer, in milliseconds. */
const patienceMs = 10_000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One connection at a time, one request at a time. */
class Client {
  readonly kind: string;
  readonly #port: number;
  readonly #keep: boolean;
  #socket: Socket | undefined;
  #served = 0;

  constructor(port: number, keep: boolean) {
    this.#port = port;
    this.#keep = keep;
    this.kind = keep ? "kept" : "new";
  }

  async ask(path: string): Promise<Answer> {
    const socket = this.#socket ?? this.#connect();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let text = "";
    const served = this.#served;
    const onData = (part: string): void => {
      text += part;
      const answer = parsed(text);
      if (!answer) return;
      this.#served++;
      if (!this.#keep || /^connection: *close/im.test(answer.head)) this.close();
      resolve(answer);
    };
    const onEnd = (): void => {
      this.close();
      reject(new Error(`ended after ${served} answers and ${text.length} characters of the next`));
    };
    const onError = ({ message }: Error): void => {
      this.close();
      reject(new Error(`${message} after ${served} answers and ${text.length} characters of the next`));
    };
    socket.setTimeout(patienceMs, () => onError(new Error(`no answer in ${patienceMs / 1000} s`)));
    socket.on("data", onData).on("end", onEnd).on("error", onError);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${this.#keep ? "" : "Connection: close\r\n"}\r\n`);
    try {
      return await promise;
    } finally {
      socket.removeAllListeners("timeout").off("data", onData).off("end", onEnd).off("error", onError);
    }
  }

  close(): void {
    // What comes after this is of no interest; an error without a listener would end the program.
    this.#socket?.on("error", () => undefined).destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    this.#served = 0;
    this.#socket = createConnection({ port: this.#port, host: "127.0.0.1", noDelay: true }).setEncoding("latin1");
    return this.#socket;
  }
}

/** Nothing while it is not whole. Bodies have a length or come in chunks. */
function parsed(text: string): (Answer & { readonly head: string }) | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const rest = text.slice(end + 4);
  const status = Number(head.slice(9, 12));
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length < Number(length) ? undefined : { status, head, body: rest };
  if (!rest.endsWith("0\r\n\r\n")) return undefined;
  return { status, head, body: rest.replaceAll(/(^|\r\n)[\da-f]+\r\n/gi, "").trimEnd() };
}

import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

/** More of an answer is of no interest. */
const mostAnswerBytes = 64 * 1024;
const timeoutMs = 30_000;

export interface PostTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates in PEM to trust instead of the system's. */
  readonly ca: Buffer | undefined;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** Posts to one place over connections that are kept. */
export class Poster {
  readonly #target: PostTarget;
  readonly #agent: PlainAgent;

  constructor(target: PostTarget) {
    this.#target = target;
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent =
      target.url.protocol === "https:" ? new TlsAgent({ ...options, ...(target.ca && { ca: target.ca }) }) : new PlainAgent(options);
  }

  async post(body: string, type: string, signal: AbortSignal): Promise<Answer> {
    const { url, headers } = this.#target;
    const send = url.protocol === "https:" ? tlsRequest : plainRequest;
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const bytes = Buffer.from(body);
    const options = {
      method: "POST",
      agent: this.#agent,
      signal: until,
      headers: { "content-type": type, "user-agent": "douze", ...headers, "content-length": bytes.length },
    };
    const request = send(url, options, resolve);
    request.on("error", reject);
    request.end(bytes);
    const response = await promise;
    return { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], body: await textOf(response) };
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    // Read to its end all the same: the connection is wanted again.
    if (bytes <= mostAnswerBytes) parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

import { type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { Problem } from "@douze/core";
import type { Credentials } from "./credentials.ts";
import { originOf, type Repository } from "./repository.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  /** Absolute, or a path of the registry's. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each try: a token may have to be fetched first. */
  readonly body?: () => NodeJS.ReadableStream | Buffer;
}

/** One repository of a registry, over HTTP. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
export class RegistryClient {
  readonly #repository: Repository;
  readonly #credentials: Credentials | undefined;
  readonly #signal: AbortSignal;
  #authorization: string | undefined;

  constructor(repository: Repository, credentials: Credentials | undefined, signal: AbortSignal) {
    this.#repository = repository;
    this.#credentials = credentials;
    this.#signal = signal;
  }

  /** A path of the repository: `/blobs/sha256:…`. */
  path(rest: string): string {
    return `/v2/${this.#repository.path}${rest}`;
  }

  /**
   * Asks, and once more with credentials where the registry wants some.
   *
   * @throws Problem registry-unreachable, registry-refused
   */
  async ask(ask: Ask): Promise<Answer> {
    const first = await this.#send(ask);
    if (first.status !== 401) return first;
    this.#authorization = await this.#authorize(String(first.headers["www-authenticate"] ?? ""));
    const second = await this.#send(ask);
    if (second.status === 401 || second.status === 403) throw this.#refused(ask, second);
    return second;
  }

  /** For what must succeed. */
  async must(ask: Ask, ...statuses: readonly number[]): Promise<Answer> {
    const answer = await this.ask(ask);
    if (!statuses.includes(answer.status)) throw this.#refused(ask, answer);
    return answer;
  }

  async #send({ method, url, headers = {}, body }: Ask, authorization = this.#authorization): Promise<Answer> {
    const target = new URL(url, originOf(this.#repository));
    const ask = target.protocol === "http:" ? plainRequest : tlsRequest;
    // Only to the registry itself: storage that it sends to has its own way of knowing us.
    const own = target.host === new URL(originOf(this.#repository)).host || url.startsWith("/");
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request: ClientRequest = ask(target, {
      method,
      signal: this.#signal,
      headers: { "user-agent": "douze", ...headers, ...(own && authorization !== undefined && { authorization }) },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    const content = body?.();
    if (content === undefined || Buffer.isBuffer(content)) request.end(content);
    else content.on("error", (error) => request.destroy(error as Error)).pipe(request);
    try {
      return await promise;
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw this.#unreachable(error as NodeJS.ErrnoException);
    }
  }

  /** Basic, or a token from where the registry says. @see https://distribution.github.io/distribution/spec/auth/token/ */
  async #authorize(challenge: string): Promise<string> {
    const [, scheme = "", rest = ""] = /^(\w+)\s*(.*)$/.exec(challenge) ?? [];
    const { user, password } = this.#credentials ?? {};
    const basic = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    if (scheme.toLowerCase() === "basic") {
      if (basic === undefined) throw this.#anonymous();
      return basic;
    }
    const parameters = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    const { realm, service } = parameters;
    if (scheme.toLowerCase() !== "bearer" || realm === undefined) throw this.#anonymous();
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", `repository:${this.#repository.path}:pull,push`);
    const answer = await this.#send(
      { method: "GET", url: url.href, headers: basic !== undefined && user !== "<token>" ? { authorization: basic } : {} },
      undefined,
    );
    if (answer.status !== 200) throw this.#refused({ method: "GET", url: url.origin }, answer);
    const { token, access_token } = JSON.parse(answer.body.toString()) as { readonly token?: string; readonly access_token?: string };
    return `Bearer ${token ?? access_token ?? ""}`;
  }

  #anonymous(): Problem {
    const { registry } = this.#repository;
    return new Problem({
      code: "registry-credentials",
      what: `${registry} wants credentials`,
      why: "there are none for it in ~/.docker/config.json, nor where podman keeps them",
      fix: `log in: \`docker login ${registry}\` or \`podman login ${registry}\``,
    });
  }

  #refused({ method, url }: Pick<Ask, "method" | "url">, { status, body }: Answer): Problem {
    const { registry, path } = this.#repository;
    return new Problem({
      code: "registry-refused",
      what: `${registry} did not take the image`,
      why: `${method} ${new URL(url, originOf(this.#repository)).pathname} was answered with ${status}: ${reasonIn(body)}`,
      fix:
        status === 401 || status === 403
          ? `check that the credentials may push to ${path}`
          : status === 404
            ? `check that the repository ${path} exists there, and that the registry is one`
            : "try again; where it stays so, the registry's own log says more",
    });
  }

  #unreachable(error: NodeJS.ErrnoException): Problem {
    return new Problem({
      code: "registry-unreachable",
      what: `${this.#repository.registry} cannot be reached`,
      why: error.message || (error.code ?? "the connection failed"),
      fix: "check `target.image` in the inventory, the network, and the registry's certificate",
      cause: error,
    });
  }
}

/** What a registry says of itself, or nothing of its pages. */
function reasonIn(body: Buffer): string {
  try {
    const { errors } = JSON.parse(body.toString()) as {
      readonly errors?: readonly { readonly code?: string; readonly message?: string }[];
    };
    return errors?.map(({ code, message }) => `${code ?? ""} ${message ?? ""}`.trim()).join("; ") || "no reason was given";
  } catch {
    return "no reason was given";
  }
}

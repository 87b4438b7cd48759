import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { Problem } from "@douze/core";
import type { KubernetesObject } from "../plan/object.ts";
import { type Kind, kindOf, pathOf } from "./kinds.ts";
import { type Refusal, refusalOf, refused, unreachable } from "./problems.ts";
import type { Selector } from "./watch.ts";

/** How to reach a cluster, and as whom. */
export interface Access {
  /** `https://…` */
  readonly server: string;
  /** Adds what proves who asks: certificates, or a header. Asked for each request: a token may run out. */
  readonly authorize: (options: RequestOptions) => Promise<void>;
  /** Connects a terminal with a container, until its program or the connection ends. */
  readonly attach: (pod: PodPlace, input: NodeJS.ReadStream, output: NodeJS.WriteStream) => Promise<void>;
}

export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface ApplyOptions {
  /** Whose fields these are. Default `douze`. */
  readonly manager?: string;
  /** Takes fields over that others have set. Default false. */
  readonly force?: boolean;
  /** Nothing is stored; the answer is what would be. Default false. */
  readonly dryRun?: boolean;
}

interface Ask {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** What is asked of an API server, and no more: the same few verbs for every kind. */
export class Cluster implements Disposable {
  readonly server: string;
  readonly #access: Access;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #onWarning: (text: string) => void;

  /** @param onWarning - what the server remarks on a request that it carried out */
  constructor(access: Access, onWarning: (text: string) => void) {
    this.#access = access;
    this.server = access.server;
    this.#onWarning = onWarning;
  }

  /**
   * Makes an object as it is written, or what is there so: fields that are not written are left to whoever has them.
   *
   * @throws Problem cluster-conflict - others have set fields of it
   * @throws Problem cluster-refused - it is not valid, or its kind is not there
   */
  async apply(
    object: KubernetesObject,
    { manager = "douze", force = false, dryRun = false }: ApplyOptions = {},
  ): Promise<KubernetesObject> {
    const { name, namespace = "" } = object.metadata;
    return await this.#must<KubernetesObject>(`apply ${object.kind} ${name}`, {
      method: "PATCH",
      path: pathOf(kindOf(object), namespace, name),
      query: { fieldManager: manager, fieldValidation: "Strict", force: String(force), ...(dryRun && { dryRun: "All" }) },
      // JSON is YAML, and leaves no doubt what is a text.
      contentType: "application/apply-patch+yaml",
      body: object,
    });
  }

  /** Makes an object; or tells, by `false`, that one of its name is there. */
  async createNew(object: KubernetesObject, kind: Kind = kindOf(object)): Promise<boolean> {
    const { name, namespace = "" } = object.metadata;
    const query = { fieldManager: "douze", fieldValidation: "Strict" };
    const answer = await this.#send({ method: "POST", path: pathOf(kind, namespace), query, body: object });
    if (answer.status === 409) return false;
    this.#check(`make ${object.kind} ${name}`, answer);
    return true;
  }

  /** Puts an object in place of the one whose version it names; of two who do so at once one is refused (409, told by `false`). */
  async replace(object: KubernetesObject): Promise<boolean> {
    const { name, namespace = "" } = object.metadata;
    const query = { fieldManager: "douze" };
    const answer = await this.#send({ method: "PUT", path: pathOf(kindOf(object), namespace, name), query, body: object });
    if (answer.status === 409) return false;
    this.#check(`change ${object.kind} ${name}`, answer);
    return true;
  }

  /** @returns nothing where there is none */
  async get<T = KubernetesObject>(kind: Kind, namespace: string, name: string): Promise<T | undefined> {
    const answer = await this.#send({ method: "GET", path: pathOf(kind, namespace, name) });
    if (answer.status === 404) return undefined;
    this.#check(`read ${kind.kind} ${name}`, answer);
    return JSON.parse(answer.body) as T;
  }

  /** @param selector - of labels, or whatever else the list is narrowed by; empty for all */
  async list<T = KubernetesObject>(
    kind: Kind,
    namespace: string,
    selector: string | Selector,
  ): Promise<{ items: readonly T[]; version: string }> {
    const answer = await this.#send({
      method: "GET",
      path: pathOf(kind, namespace),
      query: typeof selector === "string" ? { labelSelector: selector } : { ...selector },
    });
    // A kind that the cluster does not have has no objects.
    if (answer.status === 404) return { items: [], version: "" };
    this.#check(`list ${kind.plural}`, answer);
    const { items, metadata } = JSON.parse(answer.body) as {
      readonly items: readonly T[];
      readonly metadata: { readonly resourceVersion: string };
    };
    return { items: items.map((each) => ({ apiVersion: kind.apiVersion, kind: kind.kind, ...each })), version: metadata.resourceVersion };
  }

  /** Changes of some fields, whoever has them. */
  async patch(kind: Kind, namespace: string, name: string, body: unknown): Promise<void> {
    await this.#must(`change ${kind.kind} ${name}`, {
      method: "PATCH",
      path: pathOf(kind, namespace, name),
      query: { fieldManager: "douze" },
      contentType: "application/merge-patch+json",
      body,
    });
  }

  /**
   * One that is not there is gone already.
   *
   * @param graceSeconds - of a pod, in place of its own
   */
  async remove(kind: Kind, namespace: string, name: string, graceSeconds?: number): Promise<void> {
    const answer = await this.#send({
      method: "DELETE",
      path: pathOf(kind, namespace, name),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
      },
    });
    if (answer.status !== 404) this.#check(`remove ${kind.kind} ${name}`, answer);
  }

  /**
   * Lines of an answer that goes on.
   *
   * @throws Problem cluster-refused, cluster-unreachable
   */
  async *lines(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#open({ method: "GET", path, query, signal });
    const { statusCode = 0 } = response;
    if (statusCode >= 400) throw refused(`read ${path}`, refusalOf(statusCode, await textOf(response)));
    let rest = "";
    response.setEncoding("utf8");
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop() ?? "";
        yield* parts;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw unreachable(this.server, error as Error);
    }
    if (rest !== "") yield rest;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** @throws Problem cluster-unreachable - the connection is not made */
  async attach(place: PodPlace, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<void> {
    try {
      await this.#access.attach(place, input, output);
    } catch (cause) {
      // A connection that is refused comes as an event.
      throw unreachable(this.server, cause instanceof Error ? cause : new Error(String((cause as { readonly message?: unknown }).message)));
    }
  }

  async #must<T>(what: string, ask: Ask): Promise<T> {
    const answer = await this.#send(ask);
    this.#check(what, answer);
    return JSON.parse(answer.body) as T;
  }

  #check(what: string, { status, body }: { readonly status: number; readonly body: string }): void {
    if (status >= 400) throw new ClusterRefusal(what, refusalOf(status, body));
  }

  async #send(ask: Ask): Promise<{ readonly status: number; readonly body: string }> {
    const response = await this.#open(ask);
    for (const text of warningsOf(response)) this.#onWarning(text);
    return { status: response.statusCode ?? 0, body: await textOf(response) };
  }

  async #open({ method, path, query = {}, body, contentType = "application/json", signal }: Ask): Promise<IncomingMessage> {
    const url = new URL(this.server);
    const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: RequestOptions = {
      method,
      hostname: url.hostname,
      port: url.port || 443,
      path: `${url.pathname.replace(/\/$/, "")}${path}${search === "" ? "" : `?${search}`}`,
      headers: {
        accept: "application/json",
        "user-agent": "douze",
        ...(content && { "content-type": contentType, "content-length": content.length }),
      },
      agent: this.#agent,
      ...(signal && { signal }),
    };
    await this.#access.authorize(options);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpsRequest(options, resolve);
    request.on("error", reject);
    request.end(content);
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(this.server, error as Error);
    }
  }
}

/** A problem with what the server said of it. */
export class ClusterRefusal extends Problem {
  readonly refusal: Refusal;

  constructor(what: string, refusal: Refusal) {
    super(refused(what, refusal));
    this.refusal = refusal;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** `299 - "text"` @see https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */
function warningsOf({ headers }: IncomingMessage): string[] {
  const { warning } = headers;
  return warning === undefined
    ? []
    : [...warning.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1"));
}

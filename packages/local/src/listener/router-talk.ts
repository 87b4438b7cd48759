import type { CertificateFiles } from "@douze/core";
import type { AppRoute } from "../router/routes.ts";

/** What an engine tells a router that is a process of its own: a JSON object a line, obeyed in order. */
export type RouterCommand =
  | { readonly do: "route"; readonly route: AppRoute }
  | { readonly do: "remove"; readonly app: string }
  | { readonly do: "goodbye"; readonly target: string; readonly spreadMs: number }
  /** Answered with `drained` when nothing is in flight to the target. */
  | { readonly do: "drained"; readonly target: string }
  /** Speak TLS with these, from the begin on or in place of others. */
  | { readonly do: "certify"; readonly certificates: readonly CertificateFiles[] }
  /** Begin to accept: it knows all routes that there are. */
  | { readonly do: "listen" }
  /** Leave the public socket to others, and end when the last connection has. */
  | { readonly do: "retire" }
  /** End: idle connections at once, the others after their answer. */
  | { readonly do: "end" };

export type RouterEvent =
  /** It can be told. One that was left before it was to listen is of no use. */
  | { readonly is: "ready"; readonly version: string; readonly listening: boolean; readonly tls: boolean; readonly publicInode?: number }
  | { readonly is: "drained"; readonly target: string };

/** Cuts a stream of text into lines of JSON. */
export class JsonLines<T> {
  readonly #each: (message: T) => void;
  #text = "";

  constructor(each: (message: T) => void) {
    this.#each = each;
  }

  push(part: string): void {
    this.#text += part;
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#each(JSON.parse(line) as T);
  }
}

import type { AppRoute } from "../router/routes.ts";

/** What an engine tells a router that is a process of its own: a JSON object a line, obeyed in order. */
export type RouterCommand =
  | { readonly do: "route"; readonly route: AppRoute }
  | { readonly do: "remove"; readonly app: string }
  | { readonly do: "goodbye"; readonly target: string; readonly spreadMs: number }
  /** Answered with `drained` when nothing is in flight to the target. */
  | { readonly do: "drained"; readonly target: string }
  /** Leave the public socket to others, and end when the last connection has. */
  | { readonly do: "retire" };

export type RouterEvent =
  /** It listens. */
  { readonly is: "ready"; readonly version: string } | { readonly is: "drained"; readonly target: string };

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

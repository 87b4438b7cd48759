import { readFileSync } from "node:fs";
import type { Drain } from "@douze/core";
import { ndjson } from "./ndjson.ts";
import { otlp } from "./otlp.ts";
import { type Answer, Poster } from "./post.ts";
import { type DrainLine, Later, type Origin, Refusal, type Sink, TooMuch } from "./sink.ts";

/** Answers that say the lines themselves are wrong; all others may be another thing tomorrow. */
const refusals: ReadonlySet<number> = new Set([400, 415, 422]);

/** Posts lines of JSON, or an OTLP request. A receiver has taken them when it answers with a status from 200 to 299. */
export class HttpSink implements Sink {
  readonly #poster: Poster;
  readonly #origin: Origin;
  readonly #isOtlp: boolean;

  /** @throws Error - the file of certificates cannot be read */
  constructor(drain: Drain, origin: Origin) {
    this.#isOtlp = drain.kind === "otlp";
    const url = new URL(drain.url.replace(/^otlp\+/, ""));
    if (this.#isOtlp && url.pathname === "/") url.pathname = "/v1/logs";
    this.#origin = origin;
    this.#poster = new Poster({ url, headers: drain.headers, ca: drain.ca === undefined ? undefined : readFileSync(drain.ca) });
  }

  async send(lines: readonly DrainLine[], signal: AbortSignal): Promise<{ readonly refused: number }> {
    const answer = this.#isOtlp
      ? await this.#poster.post(otlp(lines, this.#origin), "application/json", signal)
      : await this.#poster.post(lines.map((line) => ndjson(line, this.#origin)).join(""), "application/x-ndjson", signal);
    if (answer.status >= 200 && answer.status < 300) return { refused: this.#isOtlp ? refusedOf(answer.body) : 0 };
    const text = `the receiver answered ${answer.status}`;
    if (answer.status === 413 && lines.length > 1) throw new TooMuch(text);
    if (answer.status === 413 || refusals.has(answer.status)) throw new Refusal(text);
    throw laterBy(answer, text);
  }

  async close(): Promise<void> {
    this.#poster.close();
  }
}

const longestLaterMs = 10 * 60_000;

function laterBy({ retryAfter }: Answer, text: string): Error {
  if (retryAfter === undefined || !/^\d{1,9}$/.test(retryAfter)) return new Error(text);
  return new Later(text, Math.min(longestLaterMs, Number(retryAfter) * 1000));
}

/** What a collector threw away of a request that it took. */
function refusedOf(body: string): number {
  try {
    const answer = JSON.parse(body) as { readonly partialSuccess?: { readonly rejectedLogRecords?: string | number } } | null;
    const count = Number(answer?.partialSuccess?.rejectedLogRecords ?? 0);
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  } catch (error) {
    if (error instanceof SyntaxError) return 0;
    throw error;
  }
}

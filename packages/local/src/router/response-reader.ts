import { isRefusal, LastFields, readHead } from "./head.ts";
import type { Limits } from "./limits.ts";
import { remembered } from "./remembered.ts";
import { type Response, readResponse, responseFields } from "./response.ts";
import { type Answered, answeredLines, downstreamHead } from "./rewrite.ts";

/** An answer, and how many bytes its head has. */
export interface ReadResponse {
  readonly response: Response;
  readonly bytes: number;
}

/** Reads the heads of what comes by one connection from a process, and words them for clients. */
export class ResponseReader {
  readonly #last = new LastFields();
  readonly #said = remembered(responseFields);
  readonly #lines = remembered(answeredLines);

  /** @returns nothing while the head's end has not arrived; what is wrong with it, in words */
  read(buffer: Buffer, method: string, limits: Limits): ReadResponse | string | undefined {
    const head = readHead(buffer, limits, this.#last);
    if (!head) return undefined;
    if (isRefusal(head)) return head.why;
    const response = readResponse(head, method, this.#said(head.fields));
    return typeof response === "string" ? response : { response, bytes: head.bytes };
  }

  reword(answered: Answered): string {
    return downstreamHead(answered, this.#lines);
  }
}

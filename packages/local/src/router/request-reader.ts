import { randomUUID } from "node:crypto";
import { isRefusal, LastFields, readHead } from "./head.ts";
import type { Limits } from "./limits.ts";
import type { Refusal } from "./refusal.ts";
import { remembered } from "./remembered.ts";
import { type Request, readRequest, requestFields } from "./request.ts";
import { forwardedLines, type Peer, type Rewritten, upstreamHead } from "./rewrite.ts";

/** A request, and how many bytes its head has. */
export interface ReadRequest {
  readonly request: Request;
  readonly bytes: number;
}

/** Reads the heads of one client, and words them for processes. */
export class RequestReader {
  readonly #limits: Limits;
  readonly #peer: Peer;
  readonly #last = new LastFields();
  readonly #said = remembered(requestFields);
  readonly #lines = remembered(forwardedLines);

  constructor(limits: Limits, peer: Peer) {
    this.#limits = limits;
    this.#peer = peer;
  }

  /** @returns nothing while the head's end has not arrived */
  read(buffer: Buffer): ReadRequest | Refusal | undefined {
    const head = readHead(buffer, this.#limits, this.#last);
    if (!head || isRefusal(head)) return head;
    const request = readRequest(head, this.#said(head.fields));
    return isRefusal(request) ? request : { request, bytes: head.bytes };
  }

  reword(request: Request, now: number): Rewritten {
    return upstreamHead(request, this.#peer, now, randomUUID, this.#lines);
  }
}

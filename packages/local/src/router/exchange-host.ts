import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Refusal } from "./refusal.ts";
import type { Target } from "./routes.ts";

/** What an exchange tells the connection it belongs to. */
export interface ExchangeHost {
  readonly client: Duplex;
  /** It came by TLS. */
  readonly secure: boolean;
  /** The answer is complete; with `keep` the connection may carry another request. */
  finished(keep: boolean): void;
  /** Nothing of an answer was sent yet: one in its place may be. */
  refused(refusal: Refusal): void;
  /** The process can take the request's body now. */
  bodyWanted(): void;
  /** The connection belongs to the two ends from now on; `over` is to be called at its end. */
  tunnelled(upstream: Socket, target: Target, over: () => void): void;
}

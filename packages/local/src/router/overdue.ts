import type { Limits } from "./limits.ts";
import type { Refusal } from "./refusal.ts";

/**
 * What to do about an exchange in which nothing has moved for some time. Pure.
 *
 * @returns nothing while there is time; `unreachable`: try another process; `cut`: the answer cannot be completed
 */
export function overdue(
  phase: "connecting" | "waiting" | "answering",
  requestDone: boolean,
  quiet: number,
  { connectMs, firstByteMs, quietMs }: Limits,
): Refusal | "unreachable" | "cut" | undefined {
  switch (phase) {
    case "connecting":
      return quiet > connectMs ? "unreachable" : undefined;
    case "answering":
      return quiet > quietMs ? "cut" : undefined;
    case "waiting":
      if (requestDone) {
        return quiet > firstByteMs
          ? { status: 504, code: "response-timeout", why: `the app sent no answer within ${firstByteMs / 1000} s` }
          : undefined;
      }
      return quiet > quietMs ? { status: 408, code: "request-timeout", why: "the request's body did not go on" } : undefined;
  }
}

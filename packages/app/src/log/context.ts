import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./log.ts";

const storage = new AsyncLocalStorage<LogFields>();

/** Every line that is logged within has these fields, in all that is awaited there too. */
export function withContext<Result>(fields: LogFields, act: () => Result): Result {
  return storage.run({ ...storage.getStore(), ...fields }, act);
}

export function contextFields(): LogFields | undefined {
  return storage.getStore();
}

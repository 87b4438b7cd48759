import { join } from "node:path";
import type { Operations } from "@douze/engine";
import { connect, type ServeOptions, serve } from "@douze/server";
import { temporaryFolder } from "./folder.ts";

/** Operations behind a socket, and the client for it. */
export async function served(
  operations: Operations,
  options?: ServeOptions,
): Promise<AsyncDisposable & { readonly api: Operations; readonly socketPath: string; stop(): Promise<void> }> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const server = stack.use(await serve(operations, join(folder.path, "engine.sock"), options));
  return {
    api: connect(server.socketPath),
    socketPath: server.socketPath,
    stop: async () => await server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export { answers, connect, runtimeDirectory, socketPath } from "./client.ts";
export { holdLock, type Lock } from "./lock.ts";
export { type ApiServer, type ServeOptions, serve } from "./serve.ts";

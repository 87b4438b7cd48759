export type { FastifyApp, FetchApp, FetchHandler, WebApp } from "./web/handler.ts";
export type { WebLimits } from "./web/limits.ts";
export { type ServeOptions, serve, type Web } from "./web/serve.ts";

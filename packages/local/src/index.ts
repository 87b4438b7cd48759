export { Local, type LocalOptions } from "./local.ts";
export { Crashes } from "./logs/crash.ts";
export { LogStore, type LogStoreOptions } from "./logs/store.ts";
export { LocalProvider } from "./resources/local-provider.ts";
export { type AccessRecord, accessLine } from "./router/access.ts";
export { Router, type RouterOptions } from "./router/router.ts";

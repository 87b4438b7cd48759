export { type BearerOptions, bearer } from "./auth/bearer.ts";
export type { Authenticator, Identity } from "./auth/identity.ts";
export { type MutualTlsOptions, mutualTls } from "./auth/mutual-tls.ts";
export { type Authenticators, authorize } from "./auth/policy.ts";

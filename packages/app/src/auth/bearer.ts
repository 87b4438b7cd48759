import type { JWTVerifyGetKey } from "jose";
import { HttpProblem } from "../api/http-problem.ts";
import { log } from "../log/log.ts";
import { library } from "../resource/library.ts";
import { reason } from "../resource/resource.ts";
import type { Authenticator, Identity } from "./identity.ts";

export interface BearerOptions {
  /** The issuer's URL, as its tokens say it, to the letter. */
  readonly issuer: string;
  /** Whom tokens must be meant for. */
  readonly audience: string;
  /** Where its keys are. Default: what its discovery document says. */
  readonly jwksUrl?: string;
  /** How far clocks may be apart, in seconds. Default 5. */
  readonly clockToleranceS?: number;
  /** Default: all that prove who signed. Never one with a shared secret. */
  readonly algorithms?: readonly string[];
  /** Default the claim `roles`. */
  readonly rolesOf?: (claims: Readonly<Record<string, unknown>>) => readonly string[];
  /** How long keys are taken as they are, in milliseconds; an unknown key is looked for at once. Default 600_000. */
  readonly keysMaxAgeMs?: number;
  /** Between two looks for unknown keys, in milliseconds: or anybody could have the issuer asked by sending nonsense. Default 30_000. */
  readonly keysCooldownMs?: number;
}

const asymmetric = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const longestToken = 16 * 1024;

/**
 * Tells who asks by an OAuth 2 or OpenID Connect access token: a JWT, verified with the issuer's keys, which are cached and follow when they
 * are rotated.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068
 */
export function bearer(options: BearerOptions): Authenticator {
  const { issuer, audience, clockToleranceS = 5, algorithms = asymmetric, rolesOf = defaultRoles } = options;
  const keys = new Keys(options);
  return {
    async authenticate(request) {
      const token = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
      if (token === undefined) throw unauthorized();
      if (token.length > longestToken) throw unauthorized("invalid_token");
      const { jwtVerify, errors } = await joseLibrary();
      try {
        const { payload } = await jwtVerify(token, await keys.get(), {
          issuer,
          audience,
          algorithms: [...algorithms],
          clockTolerance: clockToleranceS,
          requiredClaims: ["exp", "sub"],
        });
        return identityOf(payload, rolesOf);
      } catch (error) {
        if (error instanceof HttpProblem) throw error;
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw unavailable(error);
        // Where the keys came but could not be read, nobody can be told from anybody.
        if (error.code === "ERR_JOSE_GENERIC" || error instanceof errors.JWKSInvalid) throw unavailable(error);
        log.debug("a token is refused", { why: error.code });
        throw unauthorized("invalid_token");
      }
    },
  };
}

function identityOf(claims: Readonly<Record<string, unknown>>, rolesOf: NonNullable<BearerOptions["rolesOf"]>): Identity {
  const scope = claims["scope"] ?? claims["scp"];
  const scopes = typeof scope === "string" ? scope.split(" ") : Array.isArray(scope) ? scope.map(String) : [];
  return { subject: String(claims["sub"]), scopes: new Set(scopes.filter(Boolean)), roles: new Set(rolesOf(claims)), claims };
}

function defaultRoles({ roles }: Readonly<Record<string, unknown>>): readonly string[] {
  return Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [];
}

function unauthorized(error?: string): HttpProblem {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}"`;
  return new HttpProblem(401, "Unauthorized", { headers: { "www-authenticate": challenge } });
}

function unavailable(error: unknown): HttpProblem {
  log.error("the issuer's keys cannot be had", { why: reason(error) });
  return new HttpProblem(503, "Service Unavailable", { detail: "tokens cannot be checked at the moment", headers: { "retry-after": "5" } });
}

async function joseLibrary(): Promise<typeof import("jose")> {
  return await library(["jose"], () => import("jose"));
}

/** The issuer's keys: where they are is found out once. */
class Keys {
  readonly #options: BearerOptions;
  #found: Promise<JWTVerifyGetKey> | undefined;

  constructor(options: BearerOptions) {
    this.#options = options;
  }

  get(): Promise<JWTVerifyGetKey> {
    this.#found ??= this.#find().catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    return this.#found;
  }

  async #find(): Promise<JWTVerifyGetKey> {
    const { createRemoteJWKSet } = await joseLibrary();
    const { jwksUrl, keysMaxAgeMs = 600_000, keysCooldownMs = 30_000 } = this.#options;
    const url = jwksUrl ?? (await this.#discover());
    return createRemoteJWKSet(new URL(url), { cacheMaxAge: keysMaxAgeMs, cooldownDuration: keysCooldownMs, timeoutDuration: 5_000 });
  }

  /** @see https://openid.net/specs/openid-connect-discovery-1_0.html */
  async #discover(): Promise<string> {
    const { issuer } = this.#options;
    const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`discovery answered ${response.status}`);
    const found = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    if (found.issuer !== issuer || typeof found.jwks_uri !== "string") throw new Error("discovery names another issuer, or no keys");
    return found.jwks_uri;
  }
}

/** Who asks. */
export interface Identity {
  /** A person or a client of an issuer, or a workload. */
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** What the token says, or nothing for a certificate. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Tells who asks, by one way.
 *
 * @throws HttpProblem 401 - nobody it knows; 503 - it cannot be told at the moment
 */
export interface Authenticator {
  authenticate(request: Request): Promise<Identity>;
}

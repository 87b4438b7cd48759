import type { DocumentOperation, OpenApiDocument } from "../api/document.ts";
import { HttpProblem } from "../api/http-problem.ts";
import type { Authenticator, Identity } from "./identity.ts";

/** By the name of the document's security scheme. */
export type Authenticators = Readonly<Record<string, Authenticator>>;

/**
 * Lets those in whom the document lets in: one of the operation's security requirements has to hold, with all of its scopes; of `x-roles` and
 * `x-callers`, where they are declared, one.
 *
 * @returns nobody where the operation is open to all
 * @throws HttpProblem 401, 403, 503
 */
export async function authorize(
  request: Request,
  operation: DocumentOperation,
  document: OpenApiDocument,
  authenticators: Authenticators,
): Promise<Identity | undefined> {
  const requirements = operation.security ?? document.security ?? [];
  if (requirements.length === 0) return undefined;
  let refusal: HttpProblem | undefined;
  for (const requirement of requirements) {
    if (Object.keys(requirement).length === 0) return undefined;
    try {
      const identities: Identity[] = [];
      for (const scheme of Object.keys(requirement)) {
        const found = await authenticators[scheme]?.authenticate(request);
        // A scheme that nobody answers for lets nobody in.
        if (!found) throw new HttpProblem(401, "Unauthorized");
        identities.push(found);
      }
      allowed(identities, Object.values(requirement).flat(), operation);
      return identities.reduce(merged);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      // Who is known but may not is told so, whatever the other ways say.
      if (!refusal || error.status !== 401) refusal = error;
    }
  }
  throw refusal ?? new HttpProblem(401, "Unauthorized");
}

function allowed(identities: readonly Identity[], needed: readonly string[], operation: DocumentOperation): void {
  const has = (part: "scopes" | "roles", name: string): boolean => identities.some((identity) => identity[part].has(name));
  const missing = needed.filter((scope) => !has("scopes", scope));
  if (missing.length > 0)
    throw new HttpProblem(403, "Forbidden", {
      detail: `the scope ${missing.join(" ")} is missing`,
      headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${needed.join(" ")}"` },
    });
  const { "x-roles": anyRole, "x-callers": callers } = operation;
  if (anyRole && !anyRole.some((role) => has("roles", role))) throw new HttpProblem(403, "Forbidden", { detail: "the role is missing" });
  if (callers && !identities.some(({ subject }) => callers.includes(subject)))
    throw new HttpProblem(403, "Forbidden", { detail: "this caller is not let in" });
}

function merged(one: Identity, other: Identity): Identity {
  return {
    subject: one.subject,
    scopes: one.scopes.union(other.scopes),
    roles: one.roles.union(other.roles),
    claims: { ...other.claims, ...one.claims },
  };
}

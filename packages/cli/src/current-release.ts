import { Problem } from "@douze/core/problem";
import type { Operations, ReleaseView } from "@douze/engine";

/**
 * @param environment - for the message
 * @param missing - what cannot be done without one
 * @throws Problem no-release
 */
export async function currentRelease(environment: string, operations: Operations, missing: string): Promise<ReleaseView> {
  const { current } = await operations.status();
  if (current !== undefined) return await operations.release(current);
  throw new Problem({
    code: "no-release",
    what: `${environment} has no good release`,
    why: missing,
    fix: `\`douze releases --env ${environment}\` shows what became of each`,
  });
}

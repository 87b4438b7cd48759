import { sigtermExit } from "./factors/09-disposability/sigterm-exit.ts";
import { type AnyCheck, codeOf, idOf } from "./model/check.ts";

/** All checks there are, in the order of the factors; what documentation and `--explain` tell comes from here. */
export const checks: readonly AnyCheck[] = [sigtermExit];

/** The check of a name: `disposability/sigterm-exit`, `IX.sigterm-exit`, or `sigterm-exit` where no other has that. */
export function findCheck(name: string): AnyCheck | undefined {
  const lower = name.toLowerCase();
  return checks.find((each) => idOf(each) === lower || codeOf(each).toLowerCase() === lower) ?? checks.find((each) => each.name === lower);
}

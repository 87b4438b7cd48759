import { type AnyCheck, codeOf, idOf } from "../model/check.ts";
import { factorPage } from "../model/factor.ts";

/** What a check is, for a person: claim, norm, method, guards, limits. The documentation has the same words. Pure. */
export function explanation(check: AnyCheck): string {
  const kind = check.kind === "static" ? "reads the codebase" : "runs the app";
  const lines = [
    `${codeOf(check)}   ${idOf(check)}`,
    "",
    `An app that holds it: ${check.claim}.`,
    `${factorPage(check.factor)} ${check.norm}`,
    "",
    `It ${kind}, from profile \`${check.profile}\` on; ${check.core ? "a core check of its factor; " : ""}a finding weighs at most: ${check.severity}.`,
    "",
    "How:",
    ...check.method.map((step, index) => `  ${index + 1}. ${step}`),
    "",
    "False alarms that were met, and how they are avoided:",
    ...check.guards.map((guard) => `  - ${guard}`),
    ...(check.limits === undefined ? [] : ["", `Limits: ${check.limits}`]),
  ];
  return lines.join("\n");
}

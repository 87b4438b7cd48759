/** A rule that a judge of manifests has by default, which an object does not keep, and why it does not. */
export interface Exemption {
  readonly judge: "kube-score" | "kube-linter" | "polaris";
  readonly check: string;
  readonly reason: string;
}

/** As each judge reads it; the reason goes along where it is not read. */
export function exemptionAnnotations(exemptions: readonly Exemption[]): Record<string, string> {
  const of = (judge: Exemption["judge"]): readonly Exemption[] => exemptions.filter((each) => each.judge === judge);
  const scored = of("kube-score");
  return {
    ...(scored.length > 0 && { "kube-score/ignore": scored.map(({ check }) => check).join(",") }),
    ...Object.fromEntries(of("kube-linter").map(({ check, reason }) => [`ignore-check.kube-linter.io/${check}`, reason])),
    ...Object.fromEntries(of("polaris").map(({ check }) => [`polaris.fairwinds.com/${check}-exempt`, "true"])),
    ...(exemptions.length > 0 && { "douze.dev/exempt-because": [...new Set(exemptions.map(({ reason }) => reason))].join("; ") }),
  };
}

/** The twelve factors, by the names of their pages. The number is that of the edition of 2011; the name is what stays. */
export const factorNames = [
  "codebase",
  "dependencies",
  "config",
  "backing-services",
  "build-release-run",
  "processes",
  "port-binding",
  "concurrency",
  "disposability",
  "dev-prod-parity",
  "logs",
  "admin-processes",
] as const;

export type FactorName = (typeof factorNames)[number];

const numerals = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"] as const;

/** `IX` for `disposability`. */
export function numeralOf(factor: FactorName): string {
  return numerals[factorNames.indexOf(factor)] ?? "";
}

/** The page that says what the factor asks for. */
export function factorPage(factor: FactorName): string {
  return `https://12factor.net/${factor}`;
}

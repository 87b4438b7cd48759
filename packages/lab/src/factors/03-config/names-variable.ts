/**
 * Whether a text names a variable. Libraries that read the environment into an object name its field: `database_url`, `databaseUrl`,
 * `database.url`. Pure.
 */
export function namesVariable(text: string, variable: string): boolean {
  const words = variable
    .split(/_+/)
    .filter(Boolean)
    .map((word) => word.replace(/[^A-Za-z0-9]/g, "\\$&"));
  return new RegExp(`(?<![a-z0-9])${words.join("[-_. ]?")}(?![a-z0-9])`, "i").test(text);
}

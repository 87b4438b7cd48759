/** The examples under a command's help. */
export function examples(...list: readonly (readonly [command: string, what: string])[]): string {
  const width = Math.max(...list.map(([command]) => command.length));
  return `\nExamples:\n${list.map(([command, what]) => `  $ ${command.padEnd(width)}  # ${what}`).join("\n")}`;
}

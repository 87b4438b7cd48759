import { Problem } from "@douze/core";
import { paper } from "./print.ts";

/** Says what went wrong on stderr and sets the exit code: 1 for a problem, 70 for a defect, with its stack. */
export function printFailure(error: unknown, json: boolean): void {
  const { stdout, stderr, env } = process;
  const colour = stderr.isTTY === true && !env["NO_COLOR"];
  const { aside, styled } = paper({ stdout, stderr, colour });
  if (!(error instanceof Problem)) {
    aside(error instanceof Error ? (error.stack ?? error.message) : String(error));
    aside("\nThis is a defect of Douze, not of yours. Please report it with the lines above.");
    process.exitCode = 70;
    return;
  }
  process.exitCode = 1;
  if (json) {
    aside(JSON.stringify(error));
    return;
  }
  const [first] = error.places;
  const where = first ? `${first.file}:${first.line}:${first.column}: ` : "";
  aside(`${styled(["red", "bold"], "problem:")} ${where}${error.what}`);
  aside(`  ${styled("dim", "why:")} ${indented(error.why)}`);
  aside(`  ${styled("dim", "fix:")} ${indented(error.fix)}`);
  aside(`  ${styled("dim", `code: ${error.code}`)}`);
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n       ");
}

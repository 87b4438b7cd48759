import { type Place, Problem } from "@douze/core/problem";
import { paperOf } from "./print.ts";

/** Says what went wrong on stderr and sets the exit code: 1 for a problem, 70 for a defect, with its stack. */
export function printFailure(error: unknown, json: boolean): void {
  const { aside, asideStyled } = paperOf(process, { noColour: process.argv.includes("--no-color") });
  if (!(error instanceof Problem)) {
    aside(error instanceof Error ? (error.stack ?? error.message) : String(error));
    aside("\nThis is a defect of Douze, not of yours. Please report it with the lines above.");
    process.exitCode = 70;
    return;
  }
  process.exitCode = error.code === "engine-defect" ? 70 : 1;
  if (json) {
    aside(JSON.stringify(error));
    return;
  }
  aside(`${asideStyled(["red", "bold"], "problem:")} ${error.what}`);
  aside(`  ${asideStyled("dim", "why:")}  ${indented(error.why)}`);
  aside(`  ${asideStyled("dim", "fix:")}  ${indented(error.fix)}`);
  for (const place of untold(error)) aside(`  ${asideStyled("dim", "at:")}   ${place}`);
  aside(`  ${asideStyled("dim", `code: ${error.code}`)}`);
}

/** The places that its words do not name already. */
function untold({ places, what, why }: Problem): string[] {
  const text = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;
  const told = (place: Place): boolean => `${what} ${why}`.includes(`${place.line}:${place.column}`);
  return places.filter((place) => !told(place)).map(text);
}

function indented(text: string): string {
  return text.trimStart().replaceAll("\n", "\n        ");
}

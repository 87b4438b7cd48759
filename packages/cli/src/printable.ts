import type { styleText } from "node:util";

export type Format = Parameters<typeof styleText>[0];
/** Gives a text a colour, or leaves it as it is where there are none. */
export type Paint = (format: Format, text: string) => string;

export const plain: Paint = (_format, text) => text;

const colour = String.raw`\u001b\[[0-9;:]*m`;
// C0 but the tab, DEL, C1, and what turns the direction of text or breaks lines in Unicode.
const control = String.raw`[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]`;
const special = new RegExp(`${colour}|${control}`, "g");
const reset = "\u001b[0m";

/**
 * Makes a text harmless: control characters are shown as `\x07` or `\u202e` instead of being obeyed.
 *
 * @param keepColours - keeps the escape sequences that set colours, and ends them with the text; otherwise they are left out
 */
export function printable(text: string, keepColours: boolean): string {
  let coloured = false;
  const safe = text.replaceAll(special, (found) => {
    if (found.length === 1) return escaped(found);
    coloured ||= keepColours;
    return keepColours ? found : "";
  });
  return coloured ? safe + reset : safe;
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

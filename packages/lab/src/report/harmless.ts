// C0, DEL, C1, and what turns the direction of text or breaks lines in Unicode.
const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** On one line, and unable to harm a terminal: much of what a report shows was said by an app. */
export function harmless(text: string): string {
  return text.replaceAll(control, (found) => {
    const code = found.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

import type { DrainLine, Origin } from "./sink.ts";

/** Facility `user`, as programs without a facility of their own have it, and severity `informational`: an app's stderr is not all errors. */
const priority = 1 * 8 + 6;
/** For examples and documents, of RFC 5612: Douze has no number of its own. */
const enterprise = 32473;

/**
 * One line as a message of RFC 5424 with its length before it (octet counting, RFC 6587), which TCP and TLS (RFC 5425) need to tell
 * messages apart: so a text may hold anything.
 */
export function rfc5424({ at, id, process, release, stream, text }: DrainLine, { app, environment, host }: Origin): string {
  const data = { id, environment, ...(release !== "" && { release }), stream };
  const parameters = Object.entries(data).map(([name, value]) => ` ${name}="${value.replaceAll(/["\\\]]/g, "\\$&")}"`);
  const time = new Date(at).toISOString();
  const head = `<${priority}>1 ${time} ${word(host, 255)} ${word(app, 48)} ${word(process, 128)} - [douze@${enterprise}${parameters.join("")}]`;
  const message = `${head} ${text}`;
  return `${Buffer.byteLength(message)} ${message}`;
}

/** Printable ASCII without spaces, or `-` for nothing. */
function word(text: string, longest: number): string {
  return text.replaceAll(/[^!-~]/g, "_").slice(0, longest) || "-";
}

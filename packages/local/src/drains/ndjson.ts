import type { DrainLine, Origin } from "./sink.ts";

/** One line as a line of JSON. */
export function ndjson({ at, id, process, release, stream, text, continued }: DrainLine, { app, environment, host }: Origin): string {
  const time = new Date(at).toISOString();
  const line = { time, id, app, environment, process, ...(release !== "" && { release }), stream, host, message: text };
  return `${JSON.stringify(continued ? { ...line, continued } : line)}\n`;
}

// An event stream: one JSON line an event, to stdout. Where it goes is the platform's matter.
export function log(msg: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(`${JSON.stringify({ level: "info", msg, ...fields })}\n`);
}

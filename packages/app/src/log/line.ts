import type { LogFields, LogLevel } from "./log.ts";
import { isSecretName, redactionMark } from "./secrets.ts";

/** One event, before it is a line. */
export interface LogEvent {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** The event as one line of JSON, with its line break. Pure. */
export function jsonLine({ time, level, message, fields }: LogEvent): string {
  return `${stringified({ time: time.toISOString(), level, message, ...fields })}\n`;
}

const colours: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31, fatal: 35 };

/** The event for eyes, with its line break: the hour, the level, the message, and its fields in grey. Pure. */
export function prettyLine({ time, level, message, fields }: LogEvent): string {
  const { stack, ...rest } = fields;
  const shown = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === "string" ? value : stringified(value, name)}`);
  const hour = time.toTimeString().slice(0, 8);
  const tail = typeof stack === "string" ? `\n${stack}` : "";
  return `\u001b[90m${hour}\u001b[0m \u001b[${colours[level]}m${level.padEnd(5)}\u001b[0m ${message} \u001b[90m${shown.join(" ")}${tail}\u001b[0m\n`;
}

/** JSON of whatever it is: errors with their message and stack, and nothing that would end the program for having been logged. */
function stringified(value: unknown, under = ""): string {
  const seen = new WeakSet<object>();
  const text = JSON.stringify(under === "" ? value : { [under]: value }, (name, each: unknown) => {
    if (isSecretName(name)) return redactionMark;
    if (typeof each === "bigint") return each.toString();
    if (each instanceof Error)
      return {
        name: each.name,
        message: each.message,
        ...("code" in each && { code: each.code }),
        stack: each.stack,
        ...(each.cause !== undefined && { cause: each.cause }),
      };
    if (typeof each !== "object" || each === null) return each;
    if (seen.has(each)) return "[seen above]";
    seen.add(each);
    return each instanceof Map || each instanceof Set ? [...each] : each;
  });
  return under === "" ? text : text.slice(JSON.stringify(under).length + 2, -1);
}

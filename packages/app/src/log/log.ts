import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { platform } from "../platform.ts";
import { contextFields } from "./context.ts";
import { jsonLine, type LogEvent, prettyLine } from "./line.ts";
import { redacted } from "./secrets.ts";

export const logLevels = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** What an app tells of itself: an event is a line on stdout, at once. Where it goes is the platform's matter. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** For what ends the process. */
  fatal(message: string, fields?: LogFields): void;
  /** A log whose every line has these fields. */
  child(fields: LogFields): Log;
}

/** Whoever wants each event, too; what it gives is added to the event's fields. */
export type LogEnricher = () => LogFields | undefined;
const enrichers: LogEnricher[] = [];

export function enrichLog(enricher: LogEnricher): void {
  enrichers.push(enricher);
}

const lowest = levelIndex(process.env["LOG_LEVEL"]);
const pretty = isatty(1) && process.env["NO_COLOR"] === undefined;
const { app, process: processName, release } = platform;
const own: LogFields = { ...(app && { app }), ...(processName && { process: processName }), ...(release && { release }) };

/** An unknown level is `info`: a log must not be the reason that an app does not start. */
function levelIndex(text = "info"): number {
  const index = (logLevels as readonly string[]).indexOf(text.toLowerCase());
  return index < 0 ? 1 : index;
}

function made(fields: LogFields): Log {
  const at =
    (level: LogLevel) =>
    (message: string, more?: LogFields): void => {
      if (logLevels.indexOf(level) < lowest) return;
      const found = enrichers.map((enricher) => enricher());
      emit({ time: new Date(), level, message, fields: Object.assign({}, own, fields, contextFields(), ...found, more) as LogFields });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: (more) => made({ ...fields, ...more }),
  };
}

/** The app's log. Lines of JSON; on a terminal, for eyes. `LOG_LEVEL` is the lowest level that is told, default `info`. */
export const log: Log = made({});

function emit(event: LogEvent): void {
  write(Buffer.from(redacted(pretty ? prettyLine(event) : jsonLine(event))));
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** At once and whole: what was told before a crash is there after it. A reader that is slow is waited for; one that is gone is not. */
function write(line: Buffer): void {
  for (let from = 0; from < line.length; ) {
    try {
      from += writeSync(1, line, from);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

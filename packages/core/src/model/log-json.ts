import type { Instant } from "./ids.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** What a line of JSON says. Only what was understood is taken out of `fields`. */
export interface JsonLine {
  readonly level?: LogLevel;
  readonly message?: string;
  /** When the app says that it happened. */
  readonly time?: Instant;
  /** All the rest, in its order. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const levelKeys = ["level", "severity", "lvl", "levelname", "log.level"];
const messageKeys = ["msg", "message", "event", "short_message"];
const timeKeys = ["time", "timestamp", "ts", "@timestamp"];

const levelNames: Readonly<Record<string, LogLevel>> = {
  trace: "trace",
  silly: "trace",
  finest: "trace",
  debug: "debug",
  verbose: "debug",
  fine: "debug",
  info: "info",
  information: "info",
  informational: "info",
  notice: "info",
  http: "info",
  warn: "warn",
  warning: "warn",
  err: "error",
  error: "error",
  severe: "error",
  fatal: "fatal",
  crit: "fatal",
  critical: "fatal",
  alert: "fatal",
  emerg: "fatal",
  emergency: "fatal",
  panic: "fatal",
  dpanic: "fatal",
};

/**
 * Reads a line as the usual libraries write it: pino and bunyan (numeric levels), winston, structlog, zap, logrus, slog.
 *
 * @param text - a line of the event stream
 * @returns undefined for what is not one JSON object
 */
export function readJsonLine(text: string): JsonLine | undefined {
  const entries = objectEntries(text);
  if (entries === undefined) return undefined;
  const values = new Map(entries);
  const level = first(values, levelKeys, levelOf);
  const message = first(values, messageKeys, (value) => (typeof value === "string" ? value : undefined));
  const time = first(values, timeKeys, instantOf);
  const taken = new Set([level?.key, message?.key, time?.key]);
  return {
    ...(level === undefined ? {} : { level: level.value }),
    ...(message === undefined ? {} : { message: message.value }),
    ...(time === undefined ? {} : { time: time.value }),
    // Not by assignment: a key `__proto__` is a field like any other.
    fields: Object.fromEntries(entries.filter(([key]) => !taken.has(key))),
  };
}

function objectEntries(text: string): [string, unknown][] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return undefined;
  try {
    return Object.entries(JSON.parse(trimmed) as object);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function first<T>(
  values: ReadonlyMap<string, unknown>,
  keys: readonly string[],
  read: (value: unknown) => T | undefined,
): { readonly key: string; readonly value: T } | undefined {
  for (const key of keys) {
    const value = read(values.get(key));
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === "string") {
    const name = value.toLowerCase();
    return Object.hasOwn(levelNames, name) ? levelNames[name] : undefined;
  }
  // pino and bunyan: 10 trace … 60 fatal. Lower numbers mean different things to different libraries.
  if (typeof value !== "number" || !(value >= 10 && value < 100)) return undefined;
  return (["trace", "debug", "info", "warn", "error", "fatal"] as const)[Math.min(5, Math.floor(value / 10) - 1)];
}

function instantOf(value: unknown): Instant | undefined {
  if (typeof value === "string") return isoInstant(value);
  if (typeof value !== "number" || !(value > 0)) return undefined;
  // Seconds, milliseconds, microseconds, nanoseconds: the years 1973 to 5138 tell them apart.
  const scale = [1e11, 1e14, 1e17].findIndex((bound) => value < bound);
  const ms = value * ([1e3, 1, 1e-3][scale] ?? 1e-6);
  return Math.round(ms) as Instant;
}

const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):?(\d\d))$/i;

/** Only with a zone: without one, nobody knows which time is meant. */
function isoInstant(text: string): Instant | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", , sign, zoneHour = "0", zoneMinute = "0"] = match;
  const days = daysSinceEpoch(Number(year), Number(month), Number(day));
  const zoneMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === "-" ? -1 : 1);
  const minutes = days * 1440 + Number(hour) * 60 + Number(minute) - zoneMinutes;
  return (minutes * 60_000 + Number(second) * 1000 + Math.trunc(Number(`0.${fraction || "0"}`) * 1000)) as Instant;
}

/** Of the Gregorian calendar; the year is counted from March, so that the leap day is its last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return marchYear * 365 + Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + dayOfYear - 719_468;
}

import { type LogLevel, readJsonLine } from "@douze/core";
import type { DrainLine, Origin } from "./sink.ts";

/** As the log data model of OpenTelemetry numbers them. */
const severities: Readonly<Record<LogLevel, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** Lines as the JSON body of an OTLP/HTTP export request, one resource for each process of each release. */
export function otlp(lines: readonly DrainLine[], origin: Origin): string {
  const resources = Map.groupBy(lines, ({ process, release }) => `${process} ${release}`);
  return JSON.stringify({
    resourceLogs: [...resources.values()].map((own) => ({
      resource: { attributes: resourceOf(own[0], origin) },
      scopeLogs: [{ scope: { name: "douze" }, logRecords: own.map(record) }],
    })),
  });
}

function resourceOf(line: DrainLine | undefined, { app, environment, host }: Origin): readonly Attribute[] {
  return attributes({
    "service.name": app,
    "service.version": line?.release ?? "",
    "service.instance.id": line?.process ?? "",
    "deployment.environment.name": environment,
    "host.name": host,
  });
}

function record({ at, id, stream, text }: DrainLine): object {
  const json = readJsonLine(text);
  const traceId = idOf(json?.fields["trace_id"], 32);
  const spanId = idOf(json?.fields["span_id"], 16);
  return {
    timeUnixNano: nanos(json?.time ?? at),
    observedTimeUnixNano: nanos(at),
    ...(json?.level && { severityNumber: severities[json.level], severityText: json.level }),
    body: { stringValue: text },
    attributes: attributes({ "log.iostream": stream, "log.record.uid": id }),
    ...(traceId && { traceId }),
    ...(spanId && { spanId }),
  };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

function attributes(values: Readonly<Record<string, string>>): readonly Attribute[] {
  return Object.entries(values).flatMap(([key, stringValue]) => (stringValue === "" ? [] : [{ key, value: { stringValue } }]));
}

/** A trace or span as libraries for OpenTelemetry write them into lines of JSON. */
function idOf(value: unknown, digits: number): string | undefined {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value) && !/^0+$/.test(value) ? value : undefined;
}

/** Milliseconds with six digits behind them: more than a number of JavaScript holds. */
function nanos(ms: number): string {
  return `${Math.trunc(ms)}000000`;
}

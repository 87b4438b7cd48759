import { enrichLog, log } from "../log/log.ts";
import { platform } from "../platform.ts";
import { library } from "../resource/library.ts";
import { onStop } from "../stop/stop.ts";
import { startMetrics } from "./metrics.ts";
import { measureProcess } from "./process-metrics.ts";
import { startTracing, traceFields } from "./trace.ts";

export type TelemetryState = "sent" | "not sent";

let started: Promise<TelemetryState> | undefined;

/**
 * Sends traces and metrics by OpenTelemetry, and puts the trace into each line of the log. Requests that are served, queries, transactions and
 * jobs are spans; no loader flags are needed. Where it goes is OpenTelemetry's own environment: with no `OTEL_EXPORTER_OTLP_ENDPOINT` nothing
 * is sent and nothing of it is loaded.
 *
 * @throws Problem library-missing - there is an endpoint, and OpenTelemetry is not installed
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function telemetry(): Promise<TelemetryState> {
  started ??= start(process.env);
  return started;
}

async function start(env: NodeJS.ProcessEnv): Promise<TelemetryState> {
  const endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
  if (env["OTEL_SDK_DISABLED"] === "true" || !endpoints.some((name) => env[name])) return "not sent";
  const names = ["@opentelemetry/api", "@opentelemetry/sdk-node"];
  const api = await library(names, () => import("@opentelemetry/api"));
  const { NodeSDK } = await library(names, () => import("@opentelemetry/sdk-node"));
  env["OTEL_METRICS_EXPORTER"] ??= "otlp";
  const sdk = new NodeSDK({ ...(!env["OTEL_SERVICE_NAME"] && { serviceName: platform.app ?? "app" }), instrumentations: [] });
  // What it cannot send is told once in a while by itself, to the same log as all else.
  api.diag.setLogger(
    {
      error: (message) => log.warn("telemetry", { why: message }),
      warn: (message) => log.warn("telemetry", { why: message }),
      info: () => undefined,
      debug: () => undefined,
      verbose: () => undefined,
    },
    api.DiagLogLevel.WARN,
  );
  sdk.start();
  startTracing(api);
  startMetrics(api.metrics.getMeter("@douze/app"));
  enrichLog(traceFields);
  measureProcess();
  onStop("flush", "telemetry", () => sdk.shutdown());
  return "sent";
}

export { type Counter, counter, gauge, type Histogram, histogram, type InstrumentOptions, type Observation } from "./telemetry/metrics.ts";
export { type TelemetryState, telemetry } from "./telemetry/telemetry.ts";
export { type SpanOptions, type SpanSink, spanned, traceHeaders } from "./telemetry/trace.ts";

import type { Attributes, Span, SpanKind, TextMapGetter } from "@opentelemetry/api";

type Api = typeof import("@opentelemetry/api");

/** There only while telemetry is sent: without it nothing of this costs more than a look at this variable. */
let api: Api | undefined;

export function startTracing(loaded: Api): void {
  api = loaded;
}

const scope = "@douze/app";

export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: keyof typeof SpanKind;
  /** Where the caller's trace is told, as `traceparent`. */
  readonly carrier?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What may be said of a span while it lasts; each does nothing where no telemetry is sent. */
export type SpanSink = Pick<Span, "setAttribute" | "addEvent" | "updateName"> | undefined;

const header: TextMapGetter<NonNullable<SpanOptions["carrier"]>> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => carrier[key] as string | string[] | undefined,
};

/** Does something within a span of the current trace; what it rejects with is told there, and thrown. */
export async function spanned<Result>(
  name: string,
  attributes: Attributes,
  act: (span: SpanSink) => Promise<Result>,
  { kind = "INTERNAL", carrier }: SpanOptions = {},
): Promise<Result> {
  if (api === undefined) return await act(undefined);
  const { trace, context, propagation, SpanKind, SpanStatusCode } = api;
  const parent = carrier ? propagation.extract(context.active(), carrier, header) : context.active();
  return await trace.getTracer(scope).startActiveSpan(name, { attributes, kind: SpanKind[kind] }, parent, async (span) => {
    try {
      return await act(span);
    } catch (error) {
      // The type alone: messages may hold what was asked for.
      span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The current trace as headers, for a request or a job that goes on with it. */
export function traceHeaders(): Readonly<Record<string, string>> {
  if (api === undefined) return {};
  const headers: Record<string, string> = {};
  api.propagation.inject(api.context.active(), headers);
  return headers;
}

/** For lines of the log. */
export function traceFields(): Readonly<Record<string, string>> | undefined {
  const span = api?.trace.getActiveSpan()?.spanContext();
  return span && { trace_id: span.traceId, span_id: span.spanId };
}

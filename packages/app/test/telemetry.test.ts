import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Program } from "./support/program.ts";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
}
interface Received {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string; readonly sum?: unknown }[] }[];
  }[];
}

test("requests, spans and numbers arrive at the endpoint by the time that the process ends, and the log has the trace", async () => {
  const received: { path: string; body: Received }[] = [];
  const collector = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      received.push({ path: request.url ?? "", body: JSON.parse(text) as Received });
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const { port: at } = collector.address() as AddressInfo;
  await using program = Program.start("traced.ts", ["web"], {
    PORT: "0",
    DOUZE_APP: "shop",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${at}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_LOGS_EXPORTER: "none",
  });
  const { port } = (await program.line("listening")) as unknown as { port: number };
  const traceId = "a".repeat(32);
  await (await fetch(`http://127.0.0.1:${port}/orders`, { headers: { traceparent: `00-${traceId}-${"b".repeat(16)}-01` } })).text();
  const line = await program.line("ordered");
  expect(await program.stop()).toBe(0);
  collector.close();
  collector.closeAllConnections();
  const spans = received
    .flatMap(({ body }) => body.resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans));
  const server = spans.find(({ name }) => name === "GET");
  const order = spans.find(({ name }) => name === "order");
  expect(server).toMatchObject({ traceId, parentSpanId: "b".repeat(16), kind: 2 });
  expect(order).toMatchObject({ traceId, parentSpanId: server?.spanId });
  expect(line).toMatchObject({ trace_id: traceId, span_id: order?.spanId });
  const metrics = received
    .flatMap(({ body }) => body.resourceMetrics ?? [])
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics.map(({ name }) => name)));
  for (const name of [
    "shop.orders",
    "shop.open",
    "http.server.request.duration",
    "app.health",
    "process.memory.usage",
    "nodejs.eventloop.delay.p99",
  ])
    expect(metrics).toContain(name);
  expect(JSON.stringify(received)).toContain('"service.name","value":{"stringValue":"shop"}');
});

test("without an endpoint nothing is sent and nothing of it is loaded", async () => {
  await using program = Program.start("traced.ts", ["web"], { PORT: "0", NODE_DEBUG: "esm" });
  const { port } = (await program.line("listening")) as unknown as { port: number };
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  await program.line("ordered");
  expect(await program.stop()).toBe(0);
  // What is loaded is told there.
  expect(program.stderr).toContain("node_modules/@hono/node-server");
  expect(program.stderr).not.toContain("node_modules/@opentelemetry");
});

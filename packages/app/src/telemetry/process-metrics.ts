import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { health } from "../resource/health.ts";
import { gauge } from "./metrics.ts";

/** What every process can tell of itself. Names are those of OpenTelemetry's conventions for processes and Node. */
export function measureProcess(): void {
  gauge(
    "app.health",
    async () => Object.entries((await health()).checks).map(([check, said]) => ({ value: said === "ok" ? 1 : 0, attributes: { check } })),
    {
      unit: "1",
      description: "1 while a resource answers, and 0 while it does not",
    },
  );
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  gauge("process.cpu.time", () => cpuSeconds(), { unit: "s", description: "CPU time, of the system and its own" });
  gauge("process.memory.usage", () => process.memoryUsage.rss(), { unit: "By" });
  gauge("v8js.memory.heap.used", () => process.memoryUsage().heapUsed, { unit: "By" });
  gauge("process.uptime", () => process.uptime(), { unit: "s" });
  gauge(
    "nodejs.eventloop.delay.p99",
    () => {
      const seconds = delay.percentile(99) / 1e9;
      delay.reset();
      return seconds;
    },
    { unit: "s" },
  );
  gauge(
    "nodejs.eventloop.utilization",
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    { unit: "1" },
  );
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

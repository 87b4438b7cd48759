import type { ProcessDeclaration } from "@douze/core";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { Exemption } from "./exemption.ts";

type Declared = Pick<ProcessDeclaration, "health" | "bootMs" | "settleMs" | "routed">;

/** Between two looks at a process that boots, in seconds: the least that a cluster can do is one. */
const bootPeriod = 1;
const noLiveness = "a process without health paths is alive while it runs";
const noReadiness = "a process without a port is ready when it has stayed up";

/** How a process is found to be ready, as the local engine finds it: by its health paths, its port, or by staying up. */
export function probesOf(declared: Declared): Pick<IContainer, "startupProbe" | "readinessProbe" | "livenessProbe"> {
  const { health, routed, bootMs } = declared;
  const boot = { periodSeconds: bootPeriod, failureThreshold: Math.max(1, Math.ceil(bootMs / 1000 / bootPeriod)) };
  if (health) {
    const asked = {
      periodSeconds: seconds(health.intervalMs),
      timeoutSeconds: seconds(health.timeoutMs),
      failureThreshold: health.failures,
    };
    return {
      startupProbe: { httpGet: { path: health.liveness, port: "http" }, timeoutSeconds: seconds(health.timeoutMs), ...boot },
      readinessProbe: { httpGet: { path: health.readiness, port: "http" }, ...asked },
      livenessProbe: { httpGet: { path: health.liveness, port: "http" }, ...asked },
    };
  }
  if (!routed) return {};
  const accepts = { tcpSocket: { port: "http" }, timeoutSeconds: 2 };
  return { startupProbe: { ...accepts, ...boot }, readinessProbe: { ...accepts, periodSeconds: 5, failureThreshold: 3 } };
}

/**
 * How long a process must stay ready to count, in seconds.
 *
 * @param leastMs - whatever the process says of itself, in milliseconds
 */
export function settleSeconds({ settleMs }: Declared, leastMs: number): number {
  return Math.ceil(Math.max(leastMs, settleMs) / 1000);
}

export function probeExemptions({ health, routed }: Declared): Exemption[] {
  if (health) return [];
  return [
    { judge: "polaris", check: "livenessProbeMissing", reason: noLiveness },
    ...(routed
      ? [{ judge: "kube-score", check: "pod-probes", reason: noLiveness } as const]
      : [{ judge: "polaris", check: "readinessProbeMissing", reason: noReadiness } as const]),
  ];
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

import { type Instant, later, type ProcessDeclaration } from "@douze/core";

/** How it is found out whether a process is ready. */
export type ProbeWay = "http" | "accept" | "settle";

/** What is known of a process from its probes. */
export interface Health {
  readonly ready: boolean;
  /** When it was ready for the first time; it has booted since. */
  readonly readyAt?: Instant;
  /** Readiness probes in a row that failed. */
  readonly unready: number;
  /** Liveness probes in a row that failed. */
  readonly unlive: number;
  readonly livenessAskedAt?: Instant;
  /** Nothing was asked yet, of a process that was just started or found again. */
  readonly fresh: boolean;
}

export type Question = "readiness" | "liveness";

/** Absent: it was not asked. */
export type Answers = { readonly [Q in Question]?: boolean };

type Declared = Pick<ProcessDeclaration, "health" | "bootMs" | "settleMs" | "routed">;

/** Between two probes of a process that boots, in milliseconds. */
const bootIntervalMs = 100;
/** The same for a port alone, in the first second: such a look costs the process nothing, and most are quick. */
const acceptIntervalMs = 25;
/** Between two readiness probes of a process that has booted but is not ready, in milliseconds. */
const recoveryIntervalMs = 1_000;

export function probeWay({ health, routed }: Pick<Declared, "health" | "routed">): ProbeWay {
  if (health) return "http";
  return routed ? "accept" : "settle";
}

/**
 * What is known of a process that was just started, or found again by a new engine. One that was ready goes on getting requests while
 * it is asked anew: that an engine was started is no news to those who send them.
 */
export function unproved(readyAt?: Instant): Health {
  return { ready: readyAt !== undefined, unready: 0, unlive: 0, fresh: true, ...(readyAt !== undefined && { readyAt }) };
}

/**
 * What to ask next, and when. Nothing more is asked of a process whose readiness is that its port accepts, once it did: an app
 * may take each connection for a visitor.
 */
export function nextProbe(
  declared: Declared,
  health: Health,
  startedAt: Instant,
  now: Instant,
): { readonly at: Instant; readonly ask: readonly Question[] } | undefined {
  const { settleMs } = declared;
  switch (probeWay(declared)) {
    case "settle":
      return health.ready ? undefined : { at: later(startedAt, settleMs), ask: ["readiness"] };
    case "accept": {
      const intervalMs = now - startedAt < 1_000 ? acceptIntervalMs : bootIntervalMs;
      return health.ready ? undefined : { at: health.fresh ? now : later(now, intervalMs), ask: ["readiness"] };
    }
    case "http": {
      if (health.fresh) return { at: now, ask: ["readiness"] };
      if (health.readyAt === undefined) return { at: later(now, bootIntervalMs), ask: ["readiness"] };
      const intervalMs = declared.health?.intervalMs ?? 0;
      if (health.ready) return { at: later(now, intervalMs), ask: ["readiness", "liveness"] };
      const at = later(now, Math.min(recoveryIntervalMs, intervalMs));
      const livenessDue = at >= later(health.livenessAskedAt ?? (0 as Instant), intervalMs);
      return { at, ask: livenessDue ? ["readiness", "liveness"] : ["readiness"] };
    }
  }
}

/**
 * What is known after some answers. One good answer makes it ready; only so many bad ones in a row as declared make a ready
 * process unready, and then no request goes to it until it answers well again, even if no other process is ready: 503 with
 * `Retry-After` is more honest than a process that has said it cannot serve.
 */
export function judge(declared: Declared, health: Health, answers: Answers, now: Instant): Health {
  const failures = declared.health?.failures ?? 1;
  let next: Health = { ...health, fresh: false };
  if (answers.readiness === true) next = { ...next, ready: true, unready: 0, readyAt: health.readyAt ?? now };
  if (answers.readiness === false) next = { ...next, unready: health.unready + 1, ready: health.ready && health.unready + 1 < failures };
  if (answers.liveness !== undefined) {
    next = { ...next, livenessAskedAt: now, unlive: answers.liveness ? 0 : health.unlive + 1 };
  }
  return next;
}

/** Why the process must be ended, if it must. A process that was never asked yet is given the chance to answer first. */
export function verdict(declared: Declared, health: Health, startedAt: Instant, now: Instant): "boot-timeout" | "liveness" | undefined {
  if (health.readyAt === undefined) return !health.fresh && now - startedAt >= declared.bootMs ? "boot-timeout" : undefined;
  return declared.health && health.unlive >= declared.health.failures ? "liveness" : undefined;
}

import type { ProcessType, ReleaseVersion } from "./ids.ts";

/** A place in the formation of one release: `web.1@v4`. */
export interface Slot {
  readonly process: ProcessType;
  /** From 1. */
  readonly index: number;
  readonly release: ReleaseVersion;
}

/** `web.1@v4` */
export function slotName(slot: Slot): string {
  return `${slot.process}.${slot.index}@v${slot.release}`;
}

/** `web.1`: what the app reads in `DOUZE_PROCESS` and what `ps` and `logs` call it. */
export function processName(slot: Pick<Slot, "process" | "index">): string {
  return `${slot.process}.${slot.index}`;
}

/** How a process ended. */
export type Outcome =
  | { readonly by: "exit"; readonly code: number }
  | { readonly by: "signal"; readonly signal: string }
  /** Its end was not seen: its recorder was killed too, or the machine was restarted. */
  | { readonly by: "unknown" };

/** Why a process is being stopped or was last restarted. */
export type StopReason = "retired" | "scaled" | "restart" | "memory" | "liveness" | "boot-timeout" | "stopped";

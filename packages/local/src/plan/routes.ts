import type { ReleaseVersion } from "@douze/core";
import type { SlotProcess } from "./supervise.ts";

/** How requests reach a process. */
export interface RouteEnd {
  /** Its private one, on the loopback. */
  readonly port?: number;
  /** Where it can be told to take connections of the public socket itself: a Unix socket. */
  readonly gate?: string;
  /** It takes them from its start to its end. */
  readonly inherits?: boolean;
  /** It was started with another public socket than the present one, and takes those connections until it ends. */
  readonly foreign?: boolean;
}

export interface RouteTarget extends RouteEnd {
  readonly name: string;
  readonly port: number;
}

/** Where requests may go now: the ready processes of the routed release, in the order of their slots. */
export function routeTargets(processes: readonly (SlotProcess & RouteEnd)[], routed: ReleaseVersion | undefined): readonly RouteTarget[] {
  return processes
    .filter(({ phase, slot, routed: takesRequests }) => phase === "ready" && takesRequests && slot.release === routed)
    .toSorted((a, b) => (a.slot.process < b.slot.process ? -1 : a.slot.process > b.slot.process ? 1 : a.slot.index - b.slot.index))
    .flatMap(({ id, port, gate, inherits, foreign }) => {
      if (port === undefined) return [];
      return foreign ? [{ name: id, port }] : [{ name: id, port, ...(gate !== undefined && { gate }), ...(inherits && { inherits }) }];
    });
}

/** Those that hold a gate to the public socket, or may still have connections of it, and are no target. */
export function gatesBeside(
  processes: readonly (SlotProcess & RouteEnd)[],
  targets: readonly RouteTarget[],
): readonly { readonly name: string; readonly gate: string }[] {
  const names = new Set(targets.map(({ name }) => name));
  // What is only starting cannot be asked yet, and on another socket nobody else may accept.
  const there = processes.filter(({ id, phase, foreign }) => !names.has(id) && phase !== "starting" && !(foreign && phase === "ready"));
  return there.flatMap(({ id, gate }) => (gate === undefined ? [] : [{ name: id, gate }])).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

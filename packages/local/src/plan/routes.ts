import type { ReleaseVersion } from "@douze/core";
import type { SlotProcess } from "./supervise.ts";

export interface RouteTarget {
  readonly name: string;
  readonly port: number;
}

/** Where requests may go now: the ready processes of the routed release, in the order of their slots. */
export function routeTargets(
  processes: readonly (SlotProcess & { readonly port?: number })[],
  routed: ReleaseVersion | undefined,
): readonly RouteTarget[] {
  return processes
    .filter(({ phase, slot, routed: takesRequests }) => phase === "ready" && takesRequests && slot.release === routed)
    .toSorted((a, b) => (a.slot.process < b.slot.process ? -1 : a.slot.process > b.slot.process ? 1 : a.slot.index - b.slot.index))
    .flatMap(({ id, port }) => (port === undefined ? [] : [{ name: id, port }]));
}

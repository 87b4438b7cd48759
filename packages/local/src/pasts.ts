import { type Exit, type Instant, type Slot, slotName } from "@douze/core";
import type { SlotPast } from "./plan/supervise.ts";
import type { End, RunFolder, Start } from "./run-folder.ts";

/** What is remembered of a slot. */
export interface Past {
  readonly slot: Slot;
  /** Absent when no process of it has ended yet, only its start failed. */
  readonly last?: Exit;
  readonly at: Instant;
  readonly restartAt: Instant;
  readonly quickEnds: number;
  /** As the next process of the slot will count. */
  readonly restarts: number;
  /** Where it is written down. */
  readonly folder?: RunFolder;
}

/** The last end of each slot. It lies in the folder of the process that ended, until the next one has. */
export class Pasts {
  readonly #bySlot = new Map<string, Past>();
  readonly #onTrouble: (error: unknown) => void;

  /** @param onTrouble - told of a folder that cannot be removed */
  constructor(onTrouble: (error: unknown) => void) {
    this.#onTrouble = onTrouble;
  }

  get all(): readonly Past[] {
    return [...this.#bySlot.values()];
  }

  get seen(): readonly SlotPast[] {
    return this.all;
  }

  of(slot: Slot): Past | undefined {
    return this.#bySlot.get(slotName(slot));
  }

  put(past: Past): void {
    const former = this.of(past.slot);
    this.#bySlot.set(slotName(past.slot), past);
    if (former?.folder && former.folder.path !== past.folder?.path) this.#remove(former);
  }

  /** The start was refused; it is tried again then. */
  putFailure(slot: Slot, at: Instant, restartAt: Instant): void {
    const former = this.of(slot);
    this.put({ quickEnds: 0, restarts: 0, ...former, slot, at, restartAt });
  }

  forget(slot: Slot): void {
    const past = this.of(slot);
    this.#bySlot.delete(slotName(slot));
    if (past) this.#remove(past);
  }

  /** The end was dealt with: it is written down if it is still the slot's last, else nothing of it is kept. */
  settle(folder: RunFolder, past: Past): void {
    const { last: exit, restartAt, quickEnds, restarts } = past;
    if (exit && this.of(past.slot)?.folder?.path === folder.path) folder.writeEnd({ exit, restartAt, quickEnds, restarts });
    else folder.remove();
  }

  /** One that an earlier engine has written down. Of two the later one stands. */
  recall(folder: RunFolder, start: Extract<Start, { readonly kind: "slot" }>, end: End): void {
    const { slot } = start;
    const former = this.of(slot);
    const { exit, restartAt = exit.at, quickEnds = 0, restarts = 0 } = end;
    if (former && former.at > exit.at) folder.remove();
    else this.put({ slot, last: exit, at: exit.at, restartAt, quickEnds, restarts, folder });
  }

  #remove({ folder }: Past): void {
    try {
      folder?.removeEnded();
    } catch (error) {
      this.#onTrouble(error);
    }
  }
}

import type { CheckedRoundtrip } from "@douze/core";
import type { UnknownReason } from "./verdict.ts";

/** What the app does when nothing is done to it: found once, before the experiments. Pure data. */
export type Baseline =
  | {
      readonly started: false;
      /** Default `no-start`. */
      readonly reason?: UnknownReason;
      readonly because: string;
      readonly lines: readonly string[];
    }
  | {
      readonly started: true;
      /** From the start until it was ready, in milliseconds. */
      readonly startMs: number;
      /** Absent: it listens nowhere, so it has nothing to do with requests. */
      readonly web?: WebBaseline;
      /** Of process types without requests: whether each stayed up. */
      readonly others: readonly { readonly type: string; readonly stayed: boolean; readonly lines: readonly string[] }[];
      /** The release task; absent where there is none. */
      readonly migrated?: { readonly ok: boolean; readonly lines: readonly string[] };
    };

export interface WebBaseline {
  readonly type: string;
  /** GET requests that gave the same answer three times, with what that was. The first is the one to take. */
  readonly pages: readonly Page[];
  /** How to write something and read it again; absent where none was found. */
  readonly roundtrip?: Roundtrip;
}

export interface Page {
  readonly path: string;
  readonly status: number;
  /** Median of three, in milliseconds. */
  readonly tookMs: number;
  /** It said something to a backing service meanwhile. */
  readonly services: readonly string[];
  readonly slow: boolean;
  /** It is for the platform, and says whether the process is well. */
  readonly isHealth: boolean;
}

export interface Roundtrip {
  readonly way: RoundtripWay;
  /** `check.roundtrip`, `the form at /` … */
  readonly from: string;
}

/** How to write something and read it again: as the manifest says, or by a form that a page has. */
export type RoundtripWay = { readonly kind: "hint"; readonly hint: CheckedRoundtrip } | { readonly kind: "form"; readonly page: string };

import { Problem } from "@douze/core";
import { type Ruling, unknown } from "./model/verdict.ts";

/** What the machine did to the lab, and not the app: it says nothing about the app. */
export type MachineFailure = Extract<Ruling, { verdict: "unknown" }>;

/**
 * What the system or a server of the lab's own refused in the middle of an experiment, such as room on a disk. Nothing for every other
 * error, which is a defect of the lab.
 */
export function machineFailure(error: unknown): MachineFailure | undefined {
  if (error instanceof Problem) return unknown("no-engine", error.what, error.fix) as MachineFailure;
  // The system's errors and those of a database server have a code; a mistake in a program has none.
  if (!(error instanceof Error && "code" in error && typeof error.code === "string") || error.code.startsWith("ERR_")) return undefined;
  const because = `the machine failed the experiment: ${error.message}`;
  return unknown("machine", because, "look for room on its disk, for memory and for open files, and run it again") as MachineFailure;
}

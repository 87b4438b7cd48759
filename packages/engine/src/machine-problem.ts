import { Problem } from "@douze/core";
import type { Operations } from "./operations.ts";

/** What the machine lacks, and what to do about it, by the system's word for it. */
const lacks: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ["its disk is full", "make room on that disk, and do it again"],
  EDQUOT: ["the quota of its user is used up", "make room on that disk, and do it again"],
  EROFS: ["its disk is read-only", "mount it for writing, and do it again"],
  EMFILE: ["the engine has no file descriptors left", "raise its limit (`LimitNOFILE=`, `ulimit -n`), and do it again"],
  ENFILE: ["the machine has no file descriptors left", "end what holds so many, and do it again"],
};

/** Tells what the machine lacks as a problem; gives back every other error as it is. */
export function machineProblem(error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error && "code" in error) || error instanceof Problem) return error;
  const found = lacks[String(error.code)];
  if (!found) return error;
  const [why, fix] = found;
  return new Problem({ code: "state-unwritable", what: "it could not be done", why: `${why}: ${error.message}`, fix, cause: error });
}

type Action = (...given: readonly unknown[]) => unknown;

/** The same operations, which tell what the machine lacks as a problem and not as a defect. What streams is left as it is. */
export function tellingOfMachine(operations: Operations): Operations {
  const told = Object.entries(operations as unknown as Readonly<Record<string, Action>>).map(([name, act]): readonly [string, Action] => [
    name,
    name === "logs"
      ? act
      : async (...given): Promise<unknown> => {
          try {
            return await act(...given);
          } catch (error) {
            throw machineProblem(error);
          }
        },
  ]);
  return Object.fromEntries(told) as unknown as Operations;
}

import { Problem } from "./problem.ts";

/**
 * What the system said to a write, as a problem; an error that is not the system's comes back as it is.
 *
 * @param path - of what was to be written
 */
export function stateUnwritable(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error && "syscall" in cause)) return cause;
  return new Problem({
    code: "state-unwritable",
    what: `${path} cannot be written`,
    why: cause.message,
    fix: "make room on that disk, or give the folder back to the user who runs Douze",
    cause,
  });
}

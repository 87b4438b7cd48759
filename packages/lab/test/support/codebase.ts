import type { Codebase } from "../../src/codebase/codebase.ts";
import type { Lab } from "../../src/lab.ts";

/** A codebase that is no more than texts, for checks that read. */
export function codebaseOf(files: Readonly<Record<string, string>>): Codebase {
  return {
    directory: "/srv/shop",
    repository: "/srv/shop",
    dirty: false,
    files: Object.keys(files).toSorted(),
    text: async (path) => files[path],
    git: async () => undefined,
  };
}

/** As much of a lab as a static check asks for. */
export function labOf(files: Readonly<Record<string, string>>, services: Lab["subject"]["services"] = []): Lab {
  return { codebase: codebaseOf(files), subject: { services }, signal: new AbortController().signal } as unknown as Lab;
}

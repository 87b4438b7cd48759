import type { Check } from "../../model/check.ts";
import { failOr, pass } from "../../model/verdict.ts";
import { type FoundSecret, secretsIn } from "./secret-patterns.ts";

interface Evidence {
  readonly files: number;
  readonly found: readonly (FoundSecret & { readonly file: string })[];
}

export const secretInTree: Check<Evidence> = {
  name: "secret-in-tree",
  factor: "config",
  claim: "no credential is in the codebase",
  kind: "static",
  profile: "static",
  core: true,
  severity: "error",
  norm: "“the codebase could be made open source at any moment, without compromising any credentials”",
  method: [
    "Every tracked file of text is searched for keys that cannot be anything else: by their prefix, their length and, where they have one, their checksum.",
    "Addresses with a password, for a host that is not this machine's own, are named too.",
  ],
  guards: [
    "Randomness alone is no sign: identifiers, hashes and versions look like keys.",
    "Keys that documentation uses, hosts of examples, `localhost`, and passwords such as `changeme` are left out.",
    "In tests, fixtures and examples a find is a note.",
    "Sealed values, such as those of SOPS, are no secrets.",
  ],
  limits: "Only the working tree; the history is another matter.",
  needs: [],

  async observe({ codebase, signal }) {
    const found: Evidence["found"][number][] = [];
    for (const file of codebase.files) {
      signal.throwIfAborted();
      const text = await codebase.text(file);
      if (text !== undefined) for (const each of secretsIn(text)) found.push({ ...each, file });
    }
    return { files: codebase.files.length, found };
  },

  judge({ files, found }) {
    const findings = found.map(({ file, line, kind, shown, sure }) => {
      const isExample =
        /(^|\/)(tests?|spec|specs|__tests__|fixtures?|examples?|testdata|mocks?|docs?)(\/|$)|\.(example|sample|dist|template|md|rst)$/i.test(
          file,
        );
      return {
        subject: `${file}: ${kind}`,
        severity: isExample ? ("note" as const) : sure ? ("error" as const) : ("warning" as const),
        what: `${file} holds ${kind} (${shown})`,
        where: { file, line },
        control: sure ? "nothing else has that form" : "the address has a password and leads to another machine",
        fix: { text: "make a new one and revoke this one first; then take it from the environment" },
      };
    });
    return failOr(findings, "exact", pass("no credential was found", `${files} tracked files were searched`));
  },
};

import * as z from "zod";
import type { EnvironmentName } from "./ids.ts";

/** A folder of a repository in place of the cluster: another tool brings what is committed there into it. */
export interface Gitops {
  readonly format: GitopsFormat;
  /** From the app's folder. Default `deploy/<environment>`. */
  readonly folder?: string;
  /** Where that tool finds the repository. Argo CD needs it. */
  readonly repository?: string;
  /** The branch that it follows. Default `main`. */
  readonly revision: string;
  /** Where the tool's own objects lie. Default `argocd`, and `flux-system`. */
  readonly namespace?: string;
  /** Of Argo CD. Default `default`. */
  readonly project: string;
  /** The GitRepository of Flux's. Default the app's name. */
  readonly source?: string;
  /** The Secret with the age key by which Flux opens what is encrypted. Default `sops-age`. */
  readonly decryption: string;
}

/** How a release is laid out in files. */
export type GitopsFormat = (typeof gitopsFormats)[number];

export const gitopsFormats = ["plain", "kustomize", "helm", "argocd", "flux"] as const;

const name = (what: string): z.ZodString =>
  z
    .string({ error: what })
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, { error: `${what}: lower-case letters, digits, dashes and dots` });

export const gitopsShape: z.ZodObject = z
  .strictObject(
    {
      format: z
        .enum(gitopsFormats, { error: `one of ${gitopsFormats.join(", ")}` })
        .meta({ description: "How the files are laid out: for whom they are" }),
      folder: z
        .string({ error: "a folder of the repository" })
        .regex(/^[^/].*$/, { error: "a folder from the app's own, such as deploy/production" })
        .optional()
        .meta({ description: "From the app's folder, in a Git repository. Default deploy/<environment>" }),
      repository: z.string({ error: "the address of a repository" }).optional().meta({ description: "Where Argo CD finds the repository" }),
      revision: z.string({ error: "a branch" }).optional().meta({ description: "The branch that Argo CD follows. Default main" }),
      namespace: name("a namespace").optional().meta({ description: "Of the tool's own objects. Default argocd, and flux-system" }),
      project: name("a project of Argo CD").optional().meta({ description: "Of Argo CD. Default default" }),
      source: name("a GitRepository").optional().meta({ description: "Of Flux. Default the app's name" }),
      decryption: name("the name of a Secret")
        .optional()
        .meta({ description: "With the age key by which Flux opens secrets. Default sops-age" }),
    },
    { error: "keys such as `format:`" },
  )
  .meta({ description: "Releases are committed to a folder of a repository, and the cluster is never touched" });

export type WrittenGitops = Pick<Gitops, "format"> & Partial<Gitops>;

/** Where nothing is said. */
export const gitopsDefaults: Pick<Gitops, "revision" | "project" | "decryption"> = {
  revision: "main",
  project: "default",
  decryption: "sops-age",
};

/** From the app's folder, where the inventory names none. */
export function gitopsFolder(environment: EnvironmentName): string {
  return `deploy/${environment}`;
}

/** What is declared; or, as a text, what is wrong with it. */
export function gitopsOf(written: WrittenGitops): Gitops | string {
  if (written.format === "argocd" && written.repository === undefined)
    return "`gitops:` with `format: argocd` needs `repository:`, where Argo CD finds it";
  return { ...gitopsDefaults, ...written };
}

import type { Gitops, GitopsFormat } from "@douze/core";
import type { Rendered } from "../render.ts";
import { argoCd } from "./argo-cd.ts";
import { compose } from "./compose.ts";
import type { Files } from "./files.ts";
import { flux } from "./flux.ts";
import { helm } from "./helm.ts";
import { kustomize } from "./kustomize.ts";
import { plain } from "./plain.ts";

/** Of a folder that a tool brings into a cluster, or for a laptop. */
export type LayoutFormat = GitopsFormat | "compose";

export interface LayoutIn {
  readonly rendered: Rendered;
  readonly gitops: Omit<Gitops, "format"> & { readonly format: LayoutFormat };
  /** Of the folder, from the root of its repository: `deploy/production`. */
  readonly path: string;
  /** A Secret with values as it may lie in a repository. */
  readonly encrypt: (secret: object) => string;
  /** Frozen objects of former releases, which pods may still name: texts by the names of their files. */
  readonly kept: Files;
}

/** A release as files of a folder. Pure: equal input gives equal texts. */
export function layout(input: LayoutIn): Files {
  return new Map([...formats[input.gitops.format](input)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const formats: Readonly<Record<LayoutFormat, (input: LayoutIn) => Files>> = { plain, kustomize, helm, argocd: argoCd, flux, compose };

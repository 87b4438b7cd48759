import type { Chance } from "./chance.ts";
import type { Codebase } from "./codebase/codebase.ts";
import type { Baseline, WebBaseline } from "./model/baseline.ts";
import type { Capabilities } from "./model/capability.ts";
import type { Profile } from "./model/check.ts";
import type { Subject, SubjectBuild } from "./model/subject.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";

/** What an experiment works with. */
export interface Lab {
  readonly subject: Subject;
  readonly codebase: Codebase;
  readonly capabilities: Capabilities;
  readonly profile: Profile;
  /** A build of what is tried. Asked for by dynamic checks alone; made once. */
  readonly build: SubjectBuild;
  /** What the app does undisturbed. */
  readonly baseline: Extract<Baseline, { readonly started: true }>;
  /** Of this run of this experiment. */
  readonly chance: Chance;
  readonly signal: AbortSignal;
  /** How many times as slow as usual this machine is just now, at least 1: waits are as many times as long. */
  readonly slowness: number;
  /** A fresh place for an experiment, with the app's services in it, each empty, and the release task run. */
  sandbox(options?: SandboxOptions): Promise<Sandbox>;
  /** A build of a commit. @throws Problem - of the build */
  buildCommit(ref: string): Promise<SubjectBuild>;
  /** Tells what is being done, for whoever waits. */
  tell(text: string): void;
}

export interface SandboxOptions {
  /** Whether the release task is run first. Default true. */
  readonly migrated?: boolean;
  /** Whether each service is there twice, the second under the name of the first with `-2`, migrated as well. Default false. */
  readonly twice?: boolean;
  /** In place of the build's tree, for the release task. */
  readonly tree?: string;
}

/** The web process of an app that has one; experiments with requests are for these alone. */
export function webOf(lab: Pick<Lab, "baseline">): WebBaseline | undefined {
  return lab.baseline.web;
}

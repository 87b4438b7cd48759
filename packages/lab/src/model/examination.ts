import type { Baseline } from "./baseline.ts";
import type { Capabilities } from "./capability.ts";
import type { Profile } from "./check.ts";
import type { CheckResult } from "./result.ts";
import type { ServiceNeed, SubjectProcess } from "./subject.ts";

/** Everything that an examination of an app came to. Plain data: reports are made from it, and it is one itself. */
export interface Examination {
  readonly app: string;
  readonly directory: string;
  readonly commit?: string;
  /** Whether files differ from the commit. */
  readonly dirty: boolean;
  readonly build?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly profile: Profile;
  readonly seed: string;
  readonly capabilities: Capabilities;
  readonly processes: readonly SubjectProcess[];
  readonly services: readonly ServiceNeed[];
  readonly baseline?: Baseline;
  readonly results: readonly CheckResult[];
}

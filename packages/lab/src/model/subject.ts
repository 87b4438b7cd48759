import type { CheckDeclaration, Manifest, ResourceType } from "@douze/core";

/** The app that is tried, as far as it is known without running it. Pure data. */
export interface Subject {
  readonly app: string;
  /** The app's folder. */
  readonly directory: string;
  readonly manifest: Manifest;
  readonly processes: readonly SubjectProcess[];
  readonly variables: readonly Variable[];
  readonly services: readonly ServiceNeed[];
  /** What a person has said of it under `check:`. */
  readonly hints: CheckDeclaration;
  /** The release task, or another command that makes the schema fit. */
  readonly migrate?: { readonly command: string; readonly from: string };
}

export interface SubjectProcess {
  readonly type: string;
  /** As the platform runs it: without a package manager in between. */
  readonly command: string;
  /** As it is written. */
  readonly declared: string;
  /** Where that was found: `douze.yaml`, `Procfile`, `package.json` … */
  readonly from: string;
  /** Whether it is to get requests. */
  readonly routed: boolean;
}

/** A variable that the app is said to read. */
export interface Variable {
  readonly name: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** What the lab gives it. For a secret one a canary: a value that is found again wherever it leaks. */
  readonly value: string;
  readonly from: string;
}

export interface ServiceNeed {
  /** `db` */
  readonly name: string;
  readonly type: ResourceType;
  /** Which variable its URL is in. */
  readonly variable: string;
  readonly required: boolean;
  readonly from: string;
}

/** A build of the app. */
export interface SubjectBuild {
  readonly tree: string;
  readonly digest: string;
  readonly commit?: string;
  readonly dirty: boolean;
  readonly language: string;
  /** The variables that the language wants, without the platform's kindnesses. */
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly runtimes: readonly string[];
  /** Folders of the machine that the runtimes need. */
  readonly seen: readonly string[];
}

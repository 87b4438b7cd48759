import type { Drain } from "./drain.ts";
import type { EnvironmentName, ProcessType } from "./ids.ts";
import type { KubernetesTarget } from "./kubernetes-target.ts";
import type { Tls } from "./tls.ts";

/** What varies from deploy to deploy: `inventory/<environment>.yaml`, with its secrets decrypted in memory. */
export interface Inventory {
  readonly environment: EnvironmentName;
  readonly target: Target;
  readonly config: Readonly<Record<string, string>>;
  /** From the encrypted part of the file (or, in development, none). */
  readonly secrets: Readonly<Record<string, string>>;
  /** A number holds: the type is not autoscaled here. */
  readonly scale: Readonly<Record<ProcessType, number>>;
  /** Of types that are autoscaled, in place of the manifest's. */
  readonly bounds: Readonly<Record<ProcessType, { readonly min: number; readonly max: number }>>;
  /** By name of the resource in the manifest. */
  readonly attachments: Readonly<Record<string, Attachment>>;
  readonly logs: LogRetention;
  readonly drains: readonly Drain[];
}

/** Where an environment runs. */
export type Target = LocalTarget | KubernetesTarget;

/** This machine. */
export interface LocalTarget {
  readonly kind: "local";
  /** Public port. Default that of whatever runs the app: 5000, or the one that was handed over. */
  readonly port?: number;
  /** Host names that are routed to this app. Default `<app>.localhost`, and every host when it is the only app. */
  readonly hosts: readonly string[];
  /** Absent: plain HTTP. */
  readonly tls?: Tls;
}

export type Attachment =
  /** A real server that Douze runs for this environment; its data are kept with the environment's state. */
  | { readonly kind: "embedded" }
  /** `secret` names the key under `secrets:` that the URL was read from. */
  | { readonly kind: "url"; readonly url: string; readonly secret?: string };

/** The older part of the store is deleted when either bound is passed. */
export interface LogRetention {
  /** Default 256 MiB. */
  readonly maxBytes: number;
  /** Milliseconds; default seven days. */
  readonly maxAgeMs: number;
}

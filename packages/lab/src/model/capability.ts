/** What a machine can do for the lab. */
export type Capability =
  /** Namespaces and overlays: a place of its own for each experiment. */
  | "sandbox"
  /** `strace`: which programs are run, files opened and addresses asked. */
  | "trace"
  /** git, and a repository around the app. */
  | "git"
  /** A server for each backing service that the app needs. */
  | "engines";

/** Whether there is one, and what to do where there is not. */
export type CapabilityState =
  | { readonly there: true; readonly says: string }
  | { readonly there: false; readonly says: string; readonly add: string };

export type Capabilities = Readonly<Record<Capability, CapabilityState>>;

/** Through what the connections of a public socket come to an app. */
export interface Doors {
  /** Whether the router should accept on the public socket. */
  readonly router: boolean;
  /** Names of the targets that should accept on it themselves. */
  readonly gates: ReadonlySet<string>;
  /** Why requests go through the router, where they do. */
  readonly why?: string;
  /** It may be different in a moment: connections can wait in the kernel for so long. */
  readonly passing: boolean;
}

/** How far a process is with taking connections itself. */
export type GateState =
  /** Not asked yet, or not answered. */
  | "unknown"
  /** It has no gate: it is no Node program, or does not listen itself. */
  | "none"
  | "paused"
  | "accepting"
  /** It has stopped too often to start again. */
  | "spent"
  /** It was started with the socket and accepts on it until it ends, whatever it is told. */
  | "inherits";

export interface Visited {
  readonly maintenance: boolean;
  readonly targets: readonly { readonly name: string; readonly gate: GateState }[];
}

/**
 * Decides who accepts. Processes take the connections themselves where all of them can, and the socket is one app's alone; in all
 * other cases the router takes them, and no process does: were both to accept, a request would meet whichever was first awake.
 *
 * @param apps - all that share the socket
 * @param always - why the router must take them, where it must
 */
export function doors(apps: readonly Visited[], always: string | undefined): Doors {
  const routed = (why: string, passing = false): Doors => ({ router: true, gates: new Set(), why, passing });
  if (always !== undefined) return routed(always);
  const [app] = apps;
  if (!app) return routed("no app is there");
  if (apps.length > 1) return routed("several apps share the port");
  if (app.maintenance) return routed("the app is in maintenance");
  if (app.targets.length === 0) return routed("no process is ready", true);
  const without = app.targets.find(({ gate }) => gate === "none");
  if (without) return routed("not every process can be given the socket: one is no Node program, or does not itself listen on PORT");
  if (app.targets.some(({ gate }) => gate === "spent")) return routed("it has let go of the socket too often since it was started");
  // Whoever is not known yet will answer at once; until one accepts, connections wait in the kernel.
  return { router: false, gates: new Set(app.targets.map(({ name }) => name)), passing: true };
}

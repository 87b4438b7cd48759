import { type AppName, type Instant, later, Problem } from "@douze/core";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import type { KubernetesObject } from "../plan/object.ts";
import { parentName } from "./parent.ts";

interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** How long a lock holds without being renewed, in seconds: whoever is killed keeps the others waiting no longer. */
const leaseSeconds = 30;
const renewMs = 10_000;

/** One may release at a time; the lock of one that is gone runs out by itself. */
export class Lock implements AsyncDisposable {
  /** Aborts when somebody else has taken it. */
  readonly lost: AbortSignal;
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #name: string;
  readonly #holder: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(cluster: Cluster, namespace: string, name: string, holder: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#name = name;
    this.#holder = holder;
    const lost = new AbortController();
    this.lost = lost.signal;
    this.#timer = setInterval(() => {
      void this.#renew().then(
        (held) => held || lost.abort(taken("somebody else")),
        // Unreachable for a while: the lease is longer than that, and the next try may reach it.
        () => undefined,
      );
    }, renewMs);
  }

  /**
   * @param holder - who takes it: `ana@laptop, pid 4711`
   * @param isGone - whether a holder is known to have ended without giving it back
   * @throws Problem cluster-locked - somebody else has it
   */
  static async take(
    cluster: Cluster,
    namespace: string,
    app: AppName,
    holder: string,
    now: () => Instant,
    isGone: (holder: string) => boolean = () => false,
  ): Promise<Lock> {
    const name = parentName(app);
    const there = await cluster.get<Lease>(kinds.lease, namespace, name);
    const held = there && heldBy(there, now());
    if (held !== undefined && held !== holder && !isGone(held)) throw taken(held);
    const spec = specOf(holder, now(), (there?.spec?.leaseTransitions ?? -1) + 1);
    const object = there ? { ...there, spec } : { apiVersion: kinds.lease.apiVersion, kind: "Lease", metadata: { name, namespace }, spec };
    const got = there ? await cluster.replace(object) : await cluster.createNew(object);
    if (!got) throw taken("somebody else");
    return new Lock(cluster, namespace, name, holder);
  }

  async #renew(): Promise<boolean> {
    const there = await this.#cluster.get<Lease>(kinds.lease, this.#namespace, this.#name);
    if (there?.spec?.holderIdentity !== this.#holder) return false;
    const spec = { ...there.spec, renewTime: micro(Date.now()) };
    return await this.#cluster.replace({ ...there, spec });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (this.lost.aborted) return;
    const there = await this.#cluster.get<Lease>(kinds.lease, this.#namespace, this.#name);
    if (there?.spec?.holderIdentity !== this.#holder) return;
    const { leaseTransitions = 0 } = there.spec;
    // Given back, and not removed: the next one sees how often it changed hands.
    await this.#cluster.replace({ ...there, spec: { leaseTransitions } });
  }
}

/** Who holds a lease now; nobody where it has run out. */
export function heldBy({ spec }: Lease, now: Instant): string | undefined {
  const { holderIdentity, renewTime, leaseDurationSeconds = leaseSeconds } = spec ?? {};
  if (!holderIdentity || renewTime === undefined) return undefined;
  return later(Date.parse(renewTime) as Instant, leaseDurationSeconds * 1000) > now ? holderIdentity : undefined;
}

function specOf(holderIdentity: string, now: Instant, leaseTransitions: number): NonNullable<Lease["spec"]> {
  const renewTime = micro(now);
  return { holderIdentity, leaseDurationSeconds: leaseSeconds, renewTime, leaseTransitions };
}

/** As the API wants it: with six digits of a second. */
function micro(at: number): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}

function taken(holder: string): Problem {
  return new Problem({
    code: "cluster-locked",
    what: "somebody else is releasing",
    why: `the lock of this environment is held by ${holder}`,
    fix: `try again when they are done; if they were cut off, it runs out after ${leaseSeconds} s`,
  });
}

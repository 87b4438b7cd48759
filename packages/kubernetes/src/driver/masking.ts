import { Problem, type ReleaseVersion, releaseVersion } from "@douze/core";
import { Mask, type RunnableSource, secretsOf } from "@douze/engine";
import type { IPod } from "kubernetes-models/v1/Pod";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { ISecret } from "kubernetes-models/v1/Secret";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";

export interface MaskingOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly runnable: RunnableSource;
}

/**
 * Hides what is secret in what pods wrote: a cluster keeps their lines as they are. The values are those of each pod's own release, and
 * what the cluster fetched for it; none is forgotten, since a pod of a later release may still print one.
 */
export class Masking {
  readonly #options: MaskingOptions;
  readonly #mask = new Mask([]);
  readonly #known = new Map<string, Promise<void>>();

  constructor(options: MaskingOptions) {
    this.#options = options;
  }

  /**
   * The mask, which knows what is secret to this pod.
   *
   * @throws Problem - that cannot be told: no line of it may be shown
   */
  async of(pod: IPod): Promise<Mask> {
    const version = pod.metadata?.annotations?.["douze.dev/release"] ?? "";
    const names = secretNames(pod.spec);
    const key = [version, ...names].join(" ");
    const known = this.#known.get(key) ?? this.#learn(releaseVersion(version), names);
    this.#known.set(key, known);
    try {
      await known;
    } catch (error) {
      // Asked again next time.
      this.#known.delete(key);
      throw error;
    }
    return this.#mask;
  }

  async #learn(version: ReleaseVersion, [frozen, ...fetched]: readonly string[]): Promise<void> {
    try {
      this.#mask.add(secretsOf(await this.#options.runnable(version)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The ledger no longer has it, or not for whoever asks: its pods still name what they were given.
      if (frozen !== undefined) await this.#read(frozen);
    }
    for (const name of fetched) await this.#read(name);
  }

  async #read(name: string): Promise<void> {
    const { cluster, namespace } = this.#options;
    const secret = await cluster.get<ISecret>(kinds.secret, namespace, name);
    if (!secret) throw unknown(name);
    this.#mask.add(Object.values(secret.data ?? {}).map((value) => Buffer.from(value, "base64").toString()));
  }
}

/** The frozen Secret, then what External Secrets fetched. */
function secretNames(spec: IPodSpec | undefined): string[] {
  return (spec?.containers[0]?.envFrom ?? []).flatMap(({ secretRef }) => secretRef?.name ?? []);
}

function unknown(name: string): Problem {
  return new Problem({
    code: "cluster-refused",
    what: "the lines of a pod are not shown",
    why: `its Secret ${name} is gone, so that nobody knows what in them is secret`,
    fix: "`douze restart` replaces its processes by others, whose Secret is there",
  });
}

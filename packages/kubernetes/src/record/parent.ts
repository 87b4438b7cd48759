import { createHash } from "node:crypto";
import { type AppName, Problem } from "@douze/core";
import type { LedgerKey } from "@douze/engine";
import { identityOf, newIdentity } from "@douze/secrets";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import type { KubernetesObject } from "../plan/object.ts";
import { noState, readState, type TargetState } from "../plan/state.ts";

interface ParentSecret extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * The one object that stands for an environment in its namespace: its state, and the key that seals its ledger. Whoever may read Secrets
 * there can read what is sealed, as they can read the config of the processes anyway.
 */
export class Parent {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #name: string;
  #secret: ParentSecret | undefined;

  private constructor(cluster: Cluster, namespace: string, name: string, secret: ParentSecret | undefined) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#name = name;
    this.#secret = secret;
  }

  /** Reads it; makes nothing. */
  static async find(cluster: Cluster, namespace: string, app: AppName): Promise<Parent> {
    const name = parentName(app);
    return new Parent(cluster, namespace, name, await cluster.get<ParentSecret>(kinds.secret, namespace, name));
  }

  /** Makes it where it is not there. */
  async ensure(app: AppName): Promise<void> {
    if (this.#secret) return;
    const made = await newIdentity(this.#name);
    const object: ParentSecret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: this.#name,
        namespace: this.#namespace,
        labels: {
          "app.kubernetes.io/name": app,
          "app.kubernetes.io/part-of": app,
          "app.kubernetes.io/managed-by": "douze",
          "app.kubernetes.io/component": "environment",
          "applyset.kubernetes.io/id": setId(this.#name, this.#namespace),
        },
        annotations: { "applyset.kubernetes.io/tooling": "douze/v1" },
      },
      type: "douze.dev/environment",
      data: { key: encoded(made.secret), state: encoded(JSON.stringify(noState)) },
    };
    await this.#cluster.createNew(object);
    await this.#reread();
  }

  get state(): TargetState {
    const text = this.#secret?.data?.["state"];
    return text === undefined ? noState : readState(decoded(text), this.#place);
  }

  /**
   * Writes what was asked for.
   *
   * @throws Problem cluster-locked - somebody else wrote it since it was read
   */
  async write(state: TargetState): Promise<void> {
    if (!this.#secret) throw new Error("the environment's object was not made yet");
    const object = {
      ...this.#secret,
      data: { ...this.#secret.data, state: encoded(JSON.stringify(state)) },
    };
    if (!(await this.#cluster.replace(object))) throw overtaken(this.#place);
    await this.#reread();
  }

  /** Seals and opens the secret part of releases. */
  readonly key: LedgerKey = async () => identityOf(this.#keyText(), this.#place);

  /** By which the names of secret objects are made. */
  get nameKey(): Uint8Array {
    return createHash("sha256").update(`names of secrets\n${this.#keyText()}`).digest();
  }

  #keyText(): string {
    const key = this.#secret?.data?.["key"];
    if (key !== undefined) return decoded(key);
    throw new Problem({
      code: "ledger-unreadable",
      what: `${this.#place} holds no key`,
      why: "it was changed or made by somebody else",
      fix: "restore the object from a backup of the namespace; without it the secrets of past releases cannot be read",
    });
  }

  async #reread(): Promise<void> {
    this.#secret = await this.#cluster.get<ParentSecret>(kinds.secret, this.#namespace, this.#name);
  }

  get #place(): string {
    return `Secret ${this.#namespace}/${this.#name}`;
  }
}

/** `douze-shop`: of the object that stands for an environment, and of its lock. */
export function parentName(app: AppName): string {
  return `douze-${app}`;
}

/** As other tools name a set of objects that belong together. @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune */
function setId(name: string, namespace: string): string {
  return `applyset-${createHash("sha256").update(`${name}.${namespace}.Secret.`).digest("base64url")}-v1`;
}

function overtaken(place: string): Problem {
  return new Problem({
    code: "cluster-locked",
    what: "somebody else is releasing",
    why: `${place} was changed meanwhile`,
    fix: "`douze ps` and `douze releases` show what is there now; try again when theirs is done",
  });
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString();
}

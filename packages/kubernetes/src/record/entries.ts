import { gunzipSync, gzipSync } from "node:zlib";
import { type AppName, Problem } from "@douze/core";
import type { LedgerStore } from "@douze/engine";
import type { Cluster } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";

/** A Secret of ours, as far as it is read. */
interface EntrySecret {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

const field = "entry";
/** What an API server takes, in bytes, with room for what is around it. */
const largest = 1_000_000;

/**
 * A ledger in a namespace: a Secret per entry, since whoever may look at everything else there may not read these; written once, immutable.
 * Their names are those of the files that a ledger on disk would have.
 */
export function secretStore(cluster: Cluster, namespace: string, app: AppName): LedgerStore {
  const objectOf = (name: string): string => `douze.${app}.${name.replace(/\.json$/, "")}`;
  const place = (name: string): string => `Secret ${namespace}/${objectOf(name)}`;
  // What was read or written once never changes, and a release asks for the same few entries at each of its steps.
  const known = new Map<string, string>();
  return {
    place,
    read: async () => {
      const { items } = await cluster.list<EntrySecret>(kinds.secret, namespace, `douze.dev/ledger=${app}`);
      const prefix = `douze.${app}.`;
      const found = new Map(
        items
          .filter(({ metadata }) => metadata.name.startsWith(prefix))
          .map(
            (each) =>
              [`${each.metadata.name.slice(prefix.length)}.json`, textOf(each, `Secret ${namespace}/${each.metadata.name}`)] as const,
          ),
      );
      for (const [name, text] of found) known.set(name, text);
      return found;
    },
    entry: async (name) => {
      const before = known.get(name);
      if (before !== undefined) return before;
      const found = await cluster.get<EntrySecret>(kinds.secret, namespace, objectOf(name));
      if (!found) return undefined;
      known.set(name, textOf(found, place(name)));
      return known.get(name);
    },
    write: async (name, text) => {
      const content = gzipSync(text).toString("base64");
      if (content.length > largest) throw damaged(place(name), "a cluster stores no more than a megabyte in one object");
      const made = await cluster.createNew({
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name: objectOf(name),
          namespace,
          labels: { "douze.dev/ledger": app, "app.kubernetes.io/part-of": app, "app.kubernetes.io/managed-by": "douze" },
        },
        type: "douze.dev/ledger",
        immutable: true,
        data: { [field]: content },
      });
      if (made) return;
      // Written before, by one who was cut off before it knew; or by another, whose number this is.
      const there = await cluster.get<EntrySecret>(kinds.secret, namespace, objectOf(name));
      if (!there || textOf(there, place(name)) !== text) throw overtaken(place(name));
    },
  };
}

function textOf({ data }: EntrySecret, place: string): string {
  try {
    return gunzipSync(Buffer.from(data?.[field] ?? "", "base64")).toString();
  } catch {
    throw damaged(place, "it holds no entry");
  }
}

function damaged(place: string, why: string): Problem {
  return new Problem({
    code: "ledger-unreadable",
    what: `the ledger entry ${place} cannot be kept or read`,
    why,
    fix: "restore the object from a backup of the namespace; Douze changes nothing while an entry is damaged",
  });
}

function overtaken(place: string): Problem {
  return new Problem({
    code: "cluster-locked",
    what: `somebody else has written ${place}`,
    why: "two released at the same time, and the other was first",
    fix: "`douze releases` shows theirs; try again when it is done",
  });
}

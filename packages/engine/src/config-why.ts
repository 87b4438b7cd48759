import { isSecret, layersOf, type Release } from "@douze/core";
import { baseOf } from "./history.ts";
import type { Home } from "./home.ts";
import { unsealed } from "./releasing.ts";
import type { ConfigWhy } from "./view.ts";
import { configView } from "./views.ts";

/** Where a key's value comes from: what the current release holds, and what each layer says now. */
export async function configWhy(home: Home, key: string): Promise<ConfigWhy> {
  const base = baseOf(home.ledger.records());
  const release: Release | undefined = base && (await unsealed(home, base.release.version));
  const files = await home.inventory();
  const manifest = release?.manifest ?? emptyManifest(home);
  const declared = manifest.config[key];
  const generated = release?.config[key]?.from === "generated" ? { [key]: release.config[key].value } : {};
  const layers = layersOf(
    {
      manifest,
      ...files,
      generated,
      overrides: release?.overrides ?? {},
      flags: {},
      version: home.ledger.next(),
      by: "",
      at: home.clock(),
    },
    key,
  );
  const secret = release?.config[key]?.secret ?? isSecret(key, declared, files.inventory);
  const frozen = release?.config[key];
  return {
    key,
    type: declared?.type ?? "string",
    required: declared?.required ?? false,
    layers: layers.map(({ from, value, where }) => ({ from, where, secret, ...(!secret && { value }) })),
    ...(frozen && { current: configView(key, frozen) }),
    ...(declared?.description !== undefined && { description: declared.description }),
  };
}

/** Before the first release nothing is declared as far as the ledger knows. */
function emptyManifest({ app }: Home): Release["manifest"] {
  return { app, source: "douze.yaml", build: {}, processes: {}, cron: {}, resources: {}, config: {} };
}

import { join } from "node:path";
import { defaultInventory, type EnvironmentName, envFile, inventory } from "@douze/core";
import { type Identity, openSecrets } from "@douze/secrets";
import { textOf } from "./files.ts";
import type { InventoryFiles } from "./home.ts";

/** Where an environment's inventory lies, in the app's folder. */
export function inventoryFile(directory: string, environment: EnvironmentName): string {
  return join(directory, "inventory", `${environment}.yaml`);
}

/**
 * Reads what the operator wrote. Without a file the defaults hold. Secrets are decrypted in memory alone.
 *
 * @throws Problem inventory-invalid, secrets-key-missing, secrets-key-wrong, secrets-tampered …
 */
export async function readInventory(
  directory: string,
  environment: EnvironmentName,
  identities: () => Promise<readonly Identity[]>,
): Promise<InventoryFiles> {
  const file = inventoryFile(directory, environment);
  const text = await textOf(file);
  const env = environment === "development" ? await textOf(join(directory, ".env")) : undefined;
  const own = env === undefined ? {} : { envFile: envFile(env, join(directory, ".env")) };
  if (text === undefined) return { inventory: defaultInventory(environment), ...own };
  const secrets = /^(sops|secrets)\s*:/m.test(text) ? (await openSecrets(text, file, await identities())).secrets : {};
  return { inventory: inventory(text, file, environment, secrets), ...own };
}

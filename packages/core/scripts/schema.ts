// Writes the JSON Schemas for editors from the definitions that check the files: `node --conditions=douze-source packages/core/scripts/schema.ts`
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inventorySchema, manifestSchema } from "@douze/core";

const folder = join(import.meta.dirname, "../../../docs/reference");
writeFileSync(join(folder, "douze.schema.json"), `${JSON.stringify(manifestSchema(), undefined, 2)}\n`);
writeFileSync(join(folder, "inventory.schema.json"), `${JSON.stringify(inventorySchema(), undefined, 2)}\n`);

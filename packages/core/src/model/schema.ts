import * as z from "zod";
import { inventoryShape } from "./inventory-file.ts";
import { manifestShape } from "./manifest-schema.ts";

/** JSON Schema (draft 2020-12) of `douze.yaml`, for editors. */
export function manifestSchema(): object {
  return z.toJSONSchema(manifestShape, { io: "input" });
}

/** JSON Schema of `inventory/<environment>.yaml`. */
export function inventorySchema(): object {
  return z.toJSONSchema(inventoryShape, { io: "input" });
}

import { randomBytes } from "node:crypto";
import type { ServerSettings } from "./resource-folder.ts";

export function newSettings(type: ServerSettings["type"], port: number): ServerSettings {
  return { type, port, password: secret(), ownerPassword: secret() };
}

/** Hexadecimal: needs no encoding in a URL and no quoting in SQL. */
function secret(): string {
  return randomBytes(24).toString("hex");
}

/** For a folder's name. */
export function unique(): string {
  return randomBytes(6).toString("hex");
}

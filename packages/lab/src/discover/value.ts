import type { ConfigDeclaration } from "@douze/core";
import type { Chance } from "../chance.ts";

/** By which a secret that leaks is found again, whatever it is wrapped in. */
export const canaryMark = "c4na7y";

/**
 * What the lab gives a variable: its default, or something of its type that leads nowhere. A secret gets a canary: nobody else has that
 * value.
 */
export function valueFor(name: string, { type, default: value, values, secret, generate }: ConfigDeclaration, chance: Chance): string {
  if (secret || generate !== undefined) return `${canaryMark}${chance.hex(58)}`;
  if (value !== undefined) return value;
  switch (type) {
    case "enum":
      return values?.[0] ?? "";
    case "integer":
    case "number":
      return "1";
    case "boolean":
      return "false";
    case "json":
      return "{}";
    case "url":
      return `https://${name.toLowerCase().replaceAll("_", "-")}.example.test/`;
    case "string":
      return `${name.toLowerCase()}-${chance.hex(6)}`;
  }
}

const off: Readonly<Record<string, string>> = { "1": "0", true: "false", True: "False", TRUE: "FALSE", yes: "no", on: "off" };

/**
 * What an example of a developer's environment says, as it would be on a platform: the pages of a debug mode, which show what they
 * know, are meant for nobody else. Pure.
 */
export function inProduction(name: string, declaration: ConfigDeclaration): ConfigDeclaration {
  const { default: value = "" } = declaration;
  if (/(^|_)(DEBUG|DEVELOPMENT)$/i.test(name) && off[value] !== undefined) return { ...declaration, default: off[value] };
  if (/(^|_)ENV(IRONMENT)?$/i.test(name) && value === "development") return { ...declaration, default: "production" };
  return declaration;
}

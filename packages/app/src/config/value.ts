import type { ConfigDeclaration } from "./declaration.ts";

/** A value that was read, or what is wrong with its text, in words that do not hold it. */
export type Read = { readonly value: unknown } | { readonly flaw: string };

/** Reads a text as its declaration says. Pure. */
export function readValue(declared: ConfigDeclaration, text: string): Read {
  switch (declared.type ?? "string") {
    case "string":
      return { value: text };
    case "integer": {
      const value = Number(text);
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value) ? { value } : { flaw: "it is not a whole number" };
    }
    case "number":
      return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? { value: Number(text) } : { flaw: "it is not a number" };
    case "boolean":
      if (/^(true|1|yes)$/i.test(text)) return { value: true };
      return /^(false|0|no)$/i.test(text) ? { value: false } : { flaw: "it is not true or false (or 1, 0, yes, no)" };
    case "url":
      return /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text) ? { value: text } : { flaw: "it is not a URL, such as https://example.org" };
    case "json":
      return readJson(text);
    case "enum":
      return declared.values?.includes(text) ? { value: text } : { flaw: `it is not one of ${declared.values?.join(", ")}` };
  }
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own words would hold a part of the value.
    return { flaw: "it is not JSON" };
  }
}

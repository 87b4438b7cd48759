import type { ConfigDeclaration } from "./manifest.ts";

/**
 * What a value should be and is not, in words; nothing when it is. Never holds the value.
 */
export function typeFlaw({ type, values }: Pick<ConfigDeclaration, "type" | "values">, text: string): string | undefined {
  if (text.includes("\0")) return "text without a NUL byte, which no environment can carry";
  switch (type) {
    case "string":
      return undefined;
    case "integer":
      return /^[+-]?\d+$/.test(text.trim()) ? undefined : "a whole number";
    case "number":
      return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? undefined : "a number";
    case "boolean":
      return /^(true|false|1|0|yes|no)$/i.test(text.trim()) ? undefined : "true or false";
    case "url":
      return /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(text.trim()) ? undefined : "a URL, such as https://example.org";
    case "json":
      return isJson(text) ? undefined : "JSON";
    case "enum":
      return values?.includes(text) ? undefined : `one of ${values?.join(", ") ?? ""}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

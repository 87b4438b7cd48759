import type { ConfigDeclaration } from "./manifest.ts";

/**
 * What a value should be and is not, in words; nothing when it is. Never holds the value.
 */
export function typeFlaw(declared: Pick<ConfigDeclaration, "type" | "values">, text: string): string | undefined {
  if (text.includes("\0")) return "text without a NUL byte, which no environment can carry";
  if (fits(declared, text)) return undefined;
  const expected = words(declared);
  // The app gets the value as it is, and few parsers look past a newline that a file ended with.
  return fits(declared, text.trim()) ? `${expected}, without the space or newline around it` : expected;
}

function fits({ type, values }: Pick<ConfigDeclaration, "type" | "values">, text: string): boolean {
  switch (type) {
    case "string":
      return true;
    case "integer":
      return /^[+-]?\d+$/.test(text);
    case "number":
      return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text);
    case "boolean":
      return /^(true|false|1|0|yes|no)$/i.test(text);
    case "url":
      return /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(text);
    case "json":
      return isJson(text);
    case "enum":
      return values?.includes(text) ?? false;
  }
}

function words({ type, values }: Pick<ConfigDeclaration, "type" | "values">): string {
  switch (type) {
    case "string":
      return "text";
    case "integer":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "true or false (or 1, 0, yes, no)";
    case "url":
      return "a URL, such as https://example.org";
    case "json":
      return "JSON";
    case "enum":
      return `one of ${values?.join(", ") ?? "its values"}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

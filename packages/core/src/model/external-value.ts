/** A value that a store of secrets holds, and that a cluster fetches from there by itself. */
export interface ExternalValue {
  /** In the store: `shop/production`. */
  readonly key: string;
  /** A part of it. Absent: all of it. */
  readonly property?: string;
  /** A value that could change would be another release's. */
  readonly version: string;
}

/** `external://shop/production?property=signature&version=3`; nothing for any other text. */
export function externalValue(text: string): ExternalValue | undefined {
  const match = /^external:\/\/([^?\s]+)\?(\S+)$/.exec(text);
  if (!match) return undefined;
  const given = new Map(
    (match[2] ?? "").split("&").map((pair) => [pair.split("=", 1)[0] ?? "", decoded(pair.slice(pair.indexOf("=") + 1))]),
  );
  const [property, version] = [given.get("property"), given.get("version")];
  if (version === undefined || version === "") return undefined;
  return { key: decoded(match[1] ?? ""), version, ...(property !== undefined && { property }) };
}

/** What is wrong with a text that should name such a value; nothing when it is sound, or means none. */
export function externalFlaw(text: string): string | undefined {
  if (!text.startsWith("external://") || externalValue(text)) return undefined;
  return "`external://key?version=3`, with `&property=name` for a part of it: a version that is not pinned would change beneath a release";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

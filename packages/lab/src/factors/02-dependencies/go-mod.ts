/** A module that a `go.mod` requires, after its replacements: what `go.sum` must have. */
export interface GoModule {
  readonly name: string;
  readonly version: string;
}

/** One directive of a `go.mod`, whether it stands alone or in a block: its verb and its words. */
function* directives(text: string): Generator<readonly [verb: string, ...words: string[]]> {
  let block: string | undefined;
  for (const line of text.split("\n")) {
    const words = line
      .replace(/\/\/.*$/, "")
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^["`](.*)["`]$/, "$1"));
    const [first = "", second] = words;
    if (first === "") continue;
    if (first === ")") block = undefined;
    else if (block !== undefined) yield [block, ...words];
    else if (second === "(") block = first;
    else yield [first, ...words.slice(1)];
  }
}

/**
 * The modules that a `go.mod` requires, as they are fetched: `exclude` and `retract` require nothing, a replacement stands for what it
 * replaces, and one by a folder is not fetched at all.
 *
 * @see https://go.dev/ref/mod#go-mod-file
 */
export function requiredModules(text: string): readonly GoModule[] {
  const all = [...directives(text)];
  const replaced = new Map<string, GoModule | undefined>();
  for (const [verb, ...words] of all) {
    const arrow = words.indexOf("=>");
    if (verb !== "replace" || arrow < 0) continue;
    const [name = "", version] = words.slice(arrow + 1);
    replaced.set(words.slice(0, arrow).join(" "), version === undefined ? undefined : { name, version });
  }
  return all.flatMap(([verb, name = "", version = ""]) => {
    if (verb !== "require" || !version.startsWith("v")) return [];
    const key = [`${name} ${version}`, name].find((one) => replaced.has(one));
    const module = key === undefined ? { name, version } : replaced.get(key);
    return module ? [module] : [];
  });
}

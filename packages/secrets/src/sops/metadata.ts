import { isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from "yaml";
import { malformed, notAge } from "../problems.ts";
import { type KeyPair, pairOf, type Tree } from "../yaml/tree.ts";
import { type Selection, selection, selectors } from "./selection.ts";

/** What a file says about its own encryption, under `sops:`. */
export interface Metadata {
  readonly keys: readonly WrappedKey[];
  /** Kinds of other keys, which we leave as they are: `pgp`, `kms` … */
  readonly otherKeys: readonly string[];
  readonly selection: Selection;
  readonly macOnlyEncrypted: boolean;
  readonly mac: Entry;
  /** As the MAC is bound to it. */
  readonly lastModified: Entry;
  /** Of `age:`. */
  readonly age: KeyPair;
}

/** The data key, encrypted to one recipient. */
interface WrappedKey {
  readonly recipient: string;
  readonly wrapped: string;
  readonly label: string;
  readonly offset: number;
}

interface Entry {
  readonly text: string;
  /** In quotes, which it may need where it stands. */
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

const others = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp"];

/**
 * @returns undefined for a file without
 * @throws Problem secrets-malformed - there, but not as sops writes it
 * @throws Problem secrets-not-age - no age key opens it
 */
export function metadata(tree: Tree): Metadata | undefined {
  const pair = pairOf(tree.root, "sops");
  if (pair === undefined) return undefined;
  const map = pair.value;
  if (!isMap(map)) throw broken(tree, "`sops` is not a map", pair);
  const group = keyGroup(map as YAMLMap.Parsed, tree);
  const age = pairOf(group, "age");
  const otherKeys = others.filter((kind) => size(pairOf(group, kind)?.value) > 0);
  if (age === undefined || size(age.value) === 0) {
    throw notAge(
      tree.file,
      otherKeys.length > 0 ? `its keys are of the kind ${otherKeys.join(", ")}` : "it names no keys under `sops.age`",
    );
  }
  return {
    keys: wrappedKeys(age, tree),
    otherKeys,
    selection: selectionOf(map as YAMLMap.Parsed, tree),
    macOnlyEncrypted: /^(true|1)$/i.test(optional(map as YAMLMap.Parsed, "mac_only_encrypted") ?? ""),
    mac: entry(map as YAMLMap.Parsed, "mac", tree),
    lastModified: moment(entry(map as YAMLMap.Parsed, "lastmodified", tree), tree),
    age,
  };
}

function keyGroup(map: YAMLMap.Parsed, tree: Tree): YAMLMap.Parsed {
  const groups = pairOf(map, "key_groups")?.value;
  if (!isSeq(groups) || groups.items.length === 0) return map;
  const [first] = groups.items;
  if (groups.items.length > 1) throw notAge(tree.file, `its data key is split over ${groups.items.length} groups of keys`);
  return isMap(first) ? (first as YAMLMap.Parsed) : map;
}

function size(node: ParsedNode | null | undefined): number {
  return isSeq(node) ? node.items.length : 0;
}

function wrappedKeys(age: KeyPair, tree: Tree): WrappedKey[] {
  if (!isSeq(age.value)) throw broken(tree, "`sops.age` is not a list", age);
  return age.value.items.map((item, index) => {
    if (!isMap(item)) throw broken(tree, `\`sops.age[${index}]\` is not a map`, age);
    const { text, start } = entry(item as YAMLMap.Parsed, "enc", tree);
    return {
      recipient: optional(item as YAMLMap.Parsed, "recipient") ?? "",
      wrapped: text,
      label: `sops:age[${index}]:enc`,
      offset: start,
    };
  });
}

function selectionOf(map: YAMLMap.Parsed, tree: Tree): Selection {
  const given = selectors.flatMap((selector) => {
    const text = optional(map, selector);
    return text === undefined || text === "" ? [] : [{ selector, text }];
  });
  const [one, two] = given;
  if (two !== undefined)
    throw broken(tree, `it has both \`${one?.selector}\` and \`${two.selector}\`, of which sops takes one`, pairOf(map, two.selector));
  try {
    return selection(one?.selector, one?.text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError) || one === undefined) throw cause;
    const place = tree.place(entry(map, one.selector, tree).start);
    throw malformed(
      tree.file,
      `the expression in \`sops.${one.selector}\` cannot be read`,
      "say it in a simpler way, such as `^secrets$`",
      place,
    );
  }
}

function optional(map: YAMLMap.Parsed, key: string): string | undefined {
  const value = pairOf(map, key)?.value;
  return isScalar(value) ? String(value.value) : undefined;
}

function entry(map: YAMLMap.Parsed, key: string, tree: Tree): Entry {
  const pair = pairOf(map, key);
  const value = pair?.value;
  if (!isScalar(value)) throw broken(tree, `\`sops\` has no \`${key}\``, pair);
  return { text: String(value.value), quoted: value.type !== "PLAIN", start: value.range[0], end: value.range[1] };
}

/** The MAC is bound to the time as Go prints it again: whole seconds, and `Z` for UTC. */
function moment({ text, ...rest }: Entry, tree: Tree): Entry {
  const [, time, zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[-+]\d\d:\d\d)$/.exec(text) ?? [];
  if (time === undefined)
    throw malformed(tree.file, "`sops.lastmodified` is no time", "take the file back from version control", tree.place(rest.start));
  return { text: `${time}${/^[-+]00:00$/.test(zone ?? "") ? "Z" : zone}`, ...rest };
}

function broken(tree: Tree, why: string, pair: KeyPair | undefined): Error {
  const place = tree.place((pair ?? pairOf(tree.root, "sops"))?.key.range[0] ?? 0);
  return malformed(tree.file, why, "take the file back from version control: what is under `sops:` is written by tools alone", place);
}

import * as z from "zod";
import type { Flaw } from "./issues.ts";
import { nearest } from "./nearest.ts";
import type { YamlText } from "./yaml-text.ts";

/** A place that receives the event stream of an environment. */
export interface Drain {
  readonly name: string;
  readonly kind: DrainKind;
  /**
   * `file:///var/log/shop.ndjson`; `https://…` or `http://…`, which lines of JSON are posted to; `syslog://host:514` and
   * `syslog+tls://host:6514`, RFC 5424 over TCP and TLS; `otlp+https://…` or `otlp+http://…`, an OpenTelemetry collector.
   */
  readonly url: string;
  /** Sent with each request of a drain over HTTP. */
  readonly headers: Readonly<Record<string, string>>;
  /** `web` means every `web.N`. Default, empty: all that there are, the platform's own lines included. */
  readonly processes: readonly string[];
  /** File with the certificates, in PEM, that the receiver is trusted by. Default the system's authorities. */
  readonly ca?: string;
}

export type DrainKind = "file" | "http" | "syslog" | "otlp";

const kinds: Readonly<Record<string, DrainKind>> = {
  "file:": "file",
  "http:": "http",
  "https:": "http",
  "syslog:": "syslog",
  "syslog+tls:": "syslog",
  "otlp+http:": "otlp",
  "otlp+https:": "otlp",
};

const words = "a URL, or keys such as `url:`";
const headerWords = "a text or `{ secret: KEY }`";
const header = z.union([z.string(), z.strictObject({ secret: z.string({ error: "the name of a key under `secrets:`" }) })], {
  error: headerWords,
});
export const drainKeys: z.ZodObject = z.strictObject(
  {
    url: z
      .string({ error: "a URL" })
      .optional()
      .meta({ description: "file:///…, https://…, syslog://host:514, syslog+tls://host:6514 or otlp+https://…" }),
    secret: z.string({ error: "the name of a key under `secrets:`" }).optional().meta({ description: "The URL is the value of that key" }),
    headers: z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "the name of a header" }), header, { error: "headers by name" })
      .optional()
      .meta({ description: "Sent with each request; a value is a text, or `{ secret: KEY }`" }),
    processes: z
      .array(z.string({ error: "a process type or name" }), { error: "a list of process types" })
      .optional()
      .meta({ description: "Only what these wrote; `router` and `douze` are the platform's own. Default all" }),
    ca: z.string({ error: "the path of a file" }).optional().meta({ description: "File of certificates (PEM) to trust the receiver by" }),
  },
  { error: words },
);
/** `drains:` of an inventory, as it is written. */
export const drainsShape: z.ZodRecord = z.record(
  z.string().regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, { error: "a name of small letters, digits and dashes" }),
  z.union([z.string(), drainKeys], { error: words }),
  { error: "places that receive the log, by name" },
);

interface WrittenDrain {
  readonly url?: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string | { readonly secret: string }>>;
  readonly processes?: readonly string[];
  readonly ca?: string;
}

export type WrittenDrains = Readonly<Record<string, string | WrittenDrain>>;

/**
 * Reads what is written under `drains:`.
 *
 * @param secrets - of the same file, decrypted
 * @returns the drains, and a flaw for each that cannot be read
 */
export function drains(
  written: WrittenDrains,
  secrets: Readonly<Record<string, string>>,
  yaml: YamlText,
): { readonly drains: readonly Drain[]; readonly flaws: readonly Flaw[] } {
  const read = Object.entries(written).map(([name, each]) => ({ name, found: drainOf(name, each, secrets) }));
  return {
    drains: read.flatMap(({ found }) => (typeof found === "string" ? [] : [found])),
    flaws: read.flatMap(({ name, found }) =>
      typeof found === "string" ? [{ place: yaml.place(["drains", name]), text: `\`drains.${name}\`: ${found}` }] : [],
    ),
  };
}

/** A drain; or, as a text, what is wrong with it: never its URL or a header, which may hold a password. */
function drainOf(name: string, each: string | WrittenDrain, secrets: Readonly<Record<string, string>>): Drain | string {
  const { url, secret, headers = {}, processes = [], ca }: WrittenDrain = typeof each === "string" ? { url: each } : each;
  if ((url === undefined) === (secret === undefined)) return "expected one of `url:` and `secret:`";
  const asked = [secret, ...Object.values(headers).map((value) => (typeof value === "string" ? undefined : value.secret))];
  const missing = asked.find((key) => key !== undefined && !Object.hasOwn(secrets, key));
  if (missing !== undefined) {
    const meant = nearest(missing, Object.keys(secrets));
    return `there is no \`${missing}\` under \`secrets:\`${meant ? `: did you mean \`${meant}\`?` : ""}`;
  }
  const whole = (url ?? secrets[secret ?? ""] ?? "").trim();
  const kind = kindOf(whole);
  if (kind === undefined) return `expected a URL that begins with one of ${Object.keys(kinds).join("//, ")}//`;
  const values = Object.entries(headers).map(
    ([key, value]) => [key, typeof value === "string" ? value : (secrets[value.secret] ?? "")] as const,
  );
  // A value that ends its line would begin a header of its own.
  const broken = values.find(([, value]) => /[\0\r\n]/.test(value));
  if (broken) return `the value of the header \`${broken[0]}\` has more than one line`;
  if (kind !== "http" && kind !== "otlp" && values.length > 0) return "`headers:` are for drains over HTTP";
  return { name, kind, url: whole, headers: Object.fromEntries(values), processes, ...(ca !== undefined && { ca }) };
}

function kindOf(url: string): DrainKind | undefined {
  const parts = partsOf(url);
  if (parts === undefined || !Object.hasOwn(kinds, parts.scheme)) return undefined;
  const kind = kinds[parts.scheme];
  if (kind === "file") return parts.host === "" && parts.path.length > 1 && !parts.path.endsWith("/") ? kind : undefined;
  return parts.host === "" ? undefined : kind;
}

function partsOf(url: string): { readonly scheme: string; readonly host: string; readonly path: string } | undefined {
  const match = /^([a-z][a-z+]*:)\/\/(?:[^/?#@\s]*@)?([\w.-]*(?::\d+)?|\[[\da-f:.]+\](?::\d+)?)(\/[^?#\s]*)?(?:[?#]\S*)?$/i.exec(url);
  return match === null ? undefined : { scheme: match[1]?.toLowerCase() ?? "", host: match[2] ?? "", path: match[3] ?? "" };
}

/** Where a drain leads, for people: without a password, and without a path or query, which may be one. */
export function drainAddress({ kind, url }: Pick<Drain, "kind" | "url">): string {
  const { scheme = "", host = "", path = "" } = partsOf(url) ?? {};
  return kind === "file" ? path : `${scheme}//${host}`;
}

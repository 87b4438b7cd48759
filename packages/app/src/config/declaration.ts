/** What a value is read as; the words of a manifest's `config` section. */
export const configTypes = ["string", "integer", "number", "boolean", "url", "json", "enum"] as const;
export type ConfigType = (typeof configTypes)[number];

/** One key of an app's config. */
export interface ConfigDeclaration {
  /** Default `string`. */
  readonly type?: ConfigType;
  /** With `type: "enum"`. */
  readonly values?: readonly string[];
  readonly default?: string | number | boolean;
  /** Default: true when there is no default. */
  readonly required?: boolean;
  /** Never shown, and taken out of the log wherever it turns up. Default false. */
  readonly secret?: boolean;
  /** A change reaches the app while it runs. Default false: the value is what it was at the start. */
  readonly live?: boolean;
  readonly description?: string;
}

/** Names of environment variables, and what each holds. */
export type ConfigDeclarations = Readonly<Record<string, ConfigDeclaration>>;

/** The type that a value has in the program. */
export type ConfigValue<D extends ConfigDeclaration> = D extends { readonly default: string | number | boolean }
  ? ParsedValue<D>
  : D extends { readonly required: false }
    ? ParsedValue<D> | undefined
    : ParsedValue<D>;

type ParsedValue<D extends ConfigDeclaration> = D extends { readonly type: "integer" | "number" }
  ? number
  : D extends { readonly type: "boolean" }
    ? boolean
    : D extends { readonly type: "json" }
      ? unknown
      : D extends { readonly type: "enum"; readonly values: readonly (infer V)[] }
        ? V
        : string;

export type ConfigValues<D extends ConfigDeclarations> = { readonly [Key in keyof D]: ConfigValue<D[Key]> };

/** The keys of which changes can be heard. */
export type LiveKey<D extends ConfigDeclarations> = { [Key in keyof D]: D[Key] extends { readonly live: true } ? Key : never }[keyof D];

export function isRequired({ required, default: preset }: ConfigDeclaration): boolean {
  return required ?? preset === undefined;
}

/** What a declaration itself has wrong; nothing when it is sound. */
export function declarationFlaw(key: string, { type, values, default: preset, secret, live }: ConfigDeclaration): string | undefined {
  if (!/^[A-Z][A-Z0-9_]*$/.test(key)) return "its name is none of an environment variable: capitals, digits and _";
  if (type === "enum" && (values === undefined || values.length === 0)) return "an enum needs its values";
  if (type !== "enum" && values !== undefined) return "only an enum has values";
  if (secret && preset !== undefined) return "a secret in the code is none: it may have no default";
  if (secret && live) return "a secret cannot be live: live values are public files";
  return undefined;
}

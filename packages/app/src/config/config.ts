import { log } from "../log/log.ts";
import { hideSecret } from "../log/secrets.ts";
import { Problem } from "../problem.ts";
import { onStop } from "../stop/stop.ts";
import { type ConfigDeclarations, type ConfigValue, type ConfigValues, declarationFlaw, isRequired, type LiveKey } from "./declaration.ts";
import { liveFolder } from "./live-folder.ts";
import { type LiveSource, liveChanges } from "./live-values.ts";
import { printedConfig } from "./print.ts";
import {
  type ConfigOrigin,
  type ConfigSurroundings,
  defaultTexts,
  environmentTexts,
  fileTexts,
  flagTexts,
  type Sourced,
  sourced,
  type Texts,
} from "./sources.ts";
import { readValue } from "./value.ts";

export interface ConfigOptions extends ConfigSurroundings {
  /** Besides the folder of `DOUZE_LIVE_DIR`, where live values come from; a later one counts more. Default none. */
  readonly live?: readonly LiveSource[];
}

/** An app's config: each key a typed property, a live one with its value of the moment. */
export type Config<D extends ConfigDeclarations> = ConfigValues<D> & ConfigMethods<D>;

export interface ConfigMethods<D extends ConfigDeclarations> {
  /** Calls back after each change of a live key. @returns a function that ends it */
  onChange<Key extends LiveKey<D>>(key: Key, changed: (value: ConfigValue<D[Key]>, former: ConfigValue<D[Key]>) => void): () => void;
  /** Where each value came from; no values. */
  origins(): Readonly<Record<string, ConfigOrigin>>;
}

const declared = new WeakMap<object, ConfigDeclarations>();

/** What a config was made of; nothing for what is no config. */
export function declarationsOf(config: object | undefined): ConfigDeclarations {
  return (config && declared.get(config)) ?? {};
}

/**
 * The app's config, read and checked at once. What is wrong ends the process, all of it told together and no value printed, with exit code 78
 * (EX_CONFIG). Called with `--print-config=manifest` or `--print-config=table` the program prints what is declared, and ends.
 *
 * Precedence, lowest first: default, `CONFIG_FILE`, environment, live source, flag (`--max-visits 5` for `MAX_VISITS`).
 *
 * @see https://12factor.net/config
 */
export function defineConfig<const D extends ConfigDeclarations>(declarations: D, options: ConfigOptions = {}): Config<D> {
  const printed = printedConfig(declarations, options.argv ?? process.argv.slice(2));
  if (printed !== undefined) {
    process.stdout.write(printed);
    process.exit(0);
  }
  try {
    return readConfig(declarations, options);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(error.text);
    process.exit(error.exitCode);
  }
}

/**
 * {@link defineConfig} for those who handle what is wrong themselves.
 *
 * @throws Problem config-invalid - with every key that is missing or malformed, and no value
 */
export function readConfig<const D extends ConfigDeclarations>(declarations: D, options: ConfigOptions = {}): Config<D> {
  const { env = process.env, argv = process.argv.slice(2) } = options;
  const folder = env["DOUZE_LIVE_DIR"];
  const sources = [...(folder ? [liveFolder(folder)] : []), ...(options.live ?? [])];
  const flaws = Object.entries(declarations).flatMap(([key, declared]) => {
    const flaw = declarationFlaw(key, declared);
    return flaw === undefined ? [] : [`${key}: ${flaw}`];
  });
  const live = onlyLive(declarations, Object.assign({}, ...sources.map((source) => source.initial())) as Texts);
  const found = sourced(declarations, {
    default: defaultTexts(declarations),
    file: fileTexts(env["CONFIG_FILE"]),
    environment: environmentTexts(declarations, env),
    live,
    flag: flagTexts(declarations, argv),
  });
  const values = new Map<string, unknown>();
  for (const [key, declared] of Object.entries(declarations)) {
    const one = found.get(key);
    if (one === undefined) {
      if (isRequired(declared)) flaws.push(`${key}: it is not set${declared.description ? ` (${declared.description})` : ""}`);
      continue;
    }
    const read = readValue(declared, one.text);
    if ("flaw" in read) flaws.push(`${key}: ${read.flaw}; the value is from the ${one.origin}`);
    else values.set(key, read.value);
    if (declared.secret) hideSecret(one.text);
  }
  if (flaws.length > 0) throw invalid(flaws);
  const state = new ConfigState(declarations, values, found);
  for (const source of sources) state.follow(source);
  declared.set(state.config, declarations);
  return state.config as Config<D>;
}

function onlyLive(declarations: ConfigDeclarations, texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => Object.hasOwn(declarations, key) && declarations[key]?.live === true));
}

function invalid(flaws: readonly string[]): Problem {
  return new Problem({
    code: "config-invalid",
    what: flaws.length === 1 ? "a config value is missing or malformed" : `${flaws.length} config values are missing or malformed`,
    why: flaws.map((flaw) => (flaws.length === 1 ? flaw : `\n        ${flaw}`)).join(""),
    fix: "set them in the environment; `--print-config=table` lists what the app reads",
  });
}

/** The values as they are now. */
class ConfigState {
  readonly #declarations: ConfigDeclarations;
  readonly #values: Map<string, unknown>;
  readonly #texts = new Map<string, string>();
  readonly #found: ReadonlyMap<string, Sourced>;
  readonly #listeners = new Map<string, Set<(value: never, former: never) => void>>();
  /** Texts that could not be read, so that each is told once. */
  readonly #refused = new Map<string, string>();
  readonly config: object;

  constructor(declarations: ConfigDeclarations, values: Map<string, unknown>, found: ReadonlyMap<string, Sourced>) {
    this.#declarations = declarations;
    this.#values = values;
    this.#found = found;
    for (const [key, { text }] of found) this.#texts.set(key, text);
    this.config = {
      onChange: (key: string, changed: (value: never, former: never) => void) => this.#onChange(key, changed),
      origins: () => Object.fromEntries([...found].map(([key, { origin }]) => [key, origin])),
    };
    for (const key of Object.keys(declarations))
      Object.defineProperty(this.config, key, { enumerable: true, get: () => this.#values.get(key) });
  }

  follow(source: LiveSource): void {
    const controller = new AbortController();
    onStop("close", `live config of ${source.name}`, () => controller.abort());
    source.watch(
      (texts) => this.#take(texts),
      (text) => log.warn("live config", { flaw: text }),
      controller.signal,
    );
  }

  #take(texts: Texts): void {
    // A flag outweighs what is live.
    const fixed = (key: string): boolean => this.#found.get(key)?.origin === "flag";
    const own = Object.fromEntries(Object.entries(onlyLive(this.#declarations, texts)).filter(([key]) => !fixed(key)));
    for (const change of liveChanges(this.#declarations, this.#texts, own)) {
      if ("flaw" in change) this.#refuse(change.key, change.flaw, change.text);
      else this.#set(change.key, change.value, change.text);
    }
  }

  #refuse(key: string, flaw: string, text: string): void {
    if (this.#refused.get(key) === text) return;
    this.#refused.set(key, text);
    log.warn("a live config value is not taken; the last good one stays", { key, flaw });
  }

  #set(key: string, value: unknown, text: string): void {
    const former = this.#values.get(key);
    this.#values.set(key, value);
    this.#texts.set(key, text);
    this.#refused.delete(key);
    for (const changed of this.#listeners.get(key) ?? []) changed(value as never, former as never);
  }

  #onChange(key: string, changed: (value: never, former: never) => void): () => void {
    const all = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, all.add(changed));
    return () => all.delete(changed);
  }
}

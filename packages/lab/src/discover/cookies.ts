import type { Answer } from "../sandbox/inside/orders.ts";

/** Cookies of one visitor, as a browser would send them back. */
export class Cookies {
  readonly #values = new Map<string, string>();

  /** @returns which of them are new or changed */
  take(answer: Answer): readonly string[] {
    if (!answer.ok) return [];
    const changed: string[] = [];
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      if (at < 1) continue;
      const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      if (this.#values.get(name) !== value) changed.push(name);
      if (isTakenAway(attributes)) this.#values.delete(name);
      else this.#values.set(name, value);
    }
    return changed;
  }

  copy(): Cookies {
    const copy = new Cookies();
    for (const [name, value] of this.#values) copy.#values.set(name, value);
    return copy;
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** To be sent with the next request; empty where there is none. */
  get headers(): Readonly<Record<string, string>> {
    if (this.#values.size === 0) return {};
    return { cookie: [...this.#values].map(([name, value]) => `${name}=${value}`).join("; ") };
  }
}

/** A server ends a cookie by a time that is over. @see https://www.rfc-editor.org/rfc/rfc6265#section-5.3 */
function isTakenAway(attributes: readonly string[]): boolean {
  const value = (name: string): string | undefined =>
    attributes
      .map((each) => each.trim())
      .find((each) => each.toLowerCase().startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const [age, expires] = [value("max-age"), value("expires")];
  // The age counts where there are both.
  return age === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(age) <= 0;
}

import type { Answer } from "../sandbox/inside/orders.ts";

/** Cookies of one visitor, as a browser would send them back. */
export class Cookies {
  readonly #values = new Map<string, string>();

  /** @returns which of them are new or changed */
  take(answer: Answer): readonly string[] {
    if (!answer.ok) return [];
    const changed: string[] = [];
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (at < 1) continue;
      const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      if (this.#values.get(name) !== value) changed.push(name);
      this.#values.set(name, value);
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

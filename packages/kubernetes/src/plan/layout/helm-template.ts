import type { KubernetesObject } from "../object.ts";
import { yamlOf } from "../yaml.ts";

/** Places of a chart's objects that its values fill. A mark stands there until the object is a text. */
export class Marks {
  readonly #expressions: string[] = [];

  /** @param expression - of Helm's, whose value is written as JSON, which is YAML too */
  value(expression: string): string {
    return this.#mark(`toRawJson (${expression})`);
  }

  /** @param expression - whose text stands within a name */
  text(expression: string): string {
    return this.#mark(expression);
  }

  /** A template of Helm's that gives the object where the values are those of the chart. */
  template(object: KubernetesObject): string {
    // What looks like an expression is the app's own text.
    const escaped = yamlOf([object]).replaceAll("{{", '{{ "{{" }}');
    return escaped.replaceAll(/DouzeMark(\d+)x/g, (_all, index: string) => `{{ ${this.#expressions[Number(index)] ?? ""} }}`);
  }

  #mark(expression: string): string {
    const known = this.#expressions.indexOf(expression);
    const index = known >= 0 ? known : this.#expressions.push(expression) - 1;
    return `DouzeMark${index}x`;
  }
}

/** The same object with another text wherever one stands, alone or within names. */
export function replaced(object: KubernetesObject, texts: readonly (readonly [string, string])[]): KubernetesObject {
  const change = (value: unknown): unknown => {
    if (typeof value === "string") return texts.reduce((text, [from, to]) => (text === from ? to : text), value);
    if (Array.isArray(value)) return value.map(change);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
    return value;
  };
  return change(object) as KubernetesObject;
}

import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** A form that a person could fill in with a line of text. */
export interface Form {
  readonly action: string;
  /** What is sent as it stands. */
  readonly fixed: readonly (readonly [string, string])[];
  /** What is filled in. */
  readonly texts: readonly string[];
}

/** Forms of a page that are sent by POST, take a text, and want neither a file nor a password. Pure. */
export function formsOf(html: string): readonly Form[] {
  return elements(parse(html), "form").flatMap((form) => formOf(form) ?? []);
}

/** Where the links of a page lead, as they are written. Pure. */
export function linksOf(html: string): readonly string[] {
  return elements(parse(html), "a").flatMap((link) => attribute(link, "href") ?? []);
}

const textTypes = new Set(["text", "search", "email", "url", "tel", ""]);

function formOf(form: Element): Form | undefined {
  if ((attribute(form, "method") ?? "get").toLowerCase() !== "post") return undefined;
  if ((attribute(form, "enctype") ?? "").startsWith("multipart/")) return undefined;
  const fixed: (readonly [string, string])[] = [];
  const texts: string[] = elements(form, "textarea").flatMap((area) => attribute(area, "name") ?? []);
  for (const input of elements(form, "input")) {
    const name = attribute(input, "name");
    const type = (attribute(input, "type") ?? "text").toLowerCase();
    if (type === "file" || type === "password") return undefined;
    if (name === undefined) continue;
    if (textTypes.has(type)) texts.push(name);
    else if (type === "hidden") fixed.push([name, attribute(input, "value") ?? ""]);
  }
  return texts.length === 0 ? undefined : { action: attribute(form, "action") ?? "", fixed, texts };
}

function elements(node: Node, name: string): Element[] {
  const children = "childNodes" in node ? node.childNodes : [];
  return children.flatMap((child) => [...("tagName" in child && child.tagName === name ? [child] : []), ...elements(child, name)]);
}

function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((each) => each.name === name)?.value;
}

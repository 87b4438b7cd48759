import { type ListedOperation, type OpenApiDocument, operationsOf } from "./document.ts";
import { type Part, resolved, shapeOf } from "./shape.ts";

const escaped = (text: unknown): string => String(text).replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The contract as one page for people: no script, nothing from elsewhere. Pure. */
export function page(document: OpenApiDocument, documentPath: string): string {
  const { title, version, description } = document.info;
  const operations = operationsOf(document);
  const links = operations.map(({ method, path, operation }) => {
    const id = escaped(operation.operationId);
    return `<li><a href="#${id}"><b class="${method}">${method.toUpperCase()}</b> ${escaped(path)}</a></li>`;
  });
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>
body{font:16px/1.55 system-ui,sans-serif;margin:0;color:#0f172a;background:#f8fafc;display:grid;grid-template-columns:minmax(14rem,20rem) 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;background:#fff;border-right:1px solid #e2e8f0;box-sizing:border-box}
nav ul{list-style:none;padding:0;margin:1rem 0}nav a{display:block;padding:.2rem 0;color:inherit;text-decoration:none;font-size:.9rem;overflow-wrap:anywhere}
main{padding:2rem 3rem;max-width:52rem}section{background:#fff;border:1px solid #e2e8f0;border-radius:.6rem;padding:1.2rem 1.5rem;margin:1.5rem 0}
h1{margin-top:0}h2{font:600 1.05rem ui-monospace,monospace;margin:0 0 .4rem;overflow-wrap:anywhere}h3{font-size:.85rem;color:#475569;margin:1.2rem 0 .3rem}
b{display:inline-block;min-width:3.6rem;font:600 .75rem ui-monospace,monospace}.get{color:#0369a1}.post{color:#15803d}.put,.patch{color:#b45309}.delete{color:#b91c1c}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid #f1f5f9}td:first-child{width:6rem}
code,pre{font:.85rem/1.5 ui-monospace,monospace}pre{background:#f1f5f9;border-radius:.4rem;padding:.8rem;overflow:auto;margin:.3rem 0}.quiet{color:#64748b}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}
@media(prefers-color-scheme:dark){body{background:#0b1120;color:#e2e8f0}nav,section{background:#0f172a;border-color:#1e293b}pre{background:#1e293b}td,th{border-color:#1e293b}}
</style>
<nav><strong>${escaped(title)}</strong> <span class="quiet">${escaped(version)}</span><ul>${links.join("")}</ul><a href="${escaped(documentPath)}">OpenAPI document</a></nav>
<main><h1>${escaped(title)}</h1>${description ? `<p>${escaped(description)}</p>` : ""}${operations.map((each) => section(each, document)).join("\n")}</main></html>
`;
}

function section({ method, path, operation }: ListedOperation, document: OpenApiDocument): string {
  const { operationId, summary, description, parameters = [], requestBody, responses = {}, security = document.security } = operation;
  const rows = parameters.map((each) => parameterRow(resolved(each, document)));
  const needs = (security ?? []).flatMap((each) => Object.entries(each).map(([scheme, scopes]) => [scheme, ...scopes].join(" ")));
  return `<section id="${escaped(operationId)}"><h2><b class="${method}">${method.toUpperCase()}</b> ${escaped(path)}</h2>
${summary ? `<p>${escaped(summary)}</p>` : ""}${description ? `<p class="quiet">${escaped(description)}</p>` : ""}
${needs.length > 0 ? `<p class="quiet">Needs ${needs.map((need) => `<code>${escaped(need)}</code>`).join(" or ")}</p>` : ""}
${rows.length > 0 ? `<h3>Parameters</h3><table>${rows.join("")}</table>` : ""}
${requestBody ? `<h3>Body</h3>${contents(requestBody, document)}` : ""}
<h3>Answers</h3><table>${Object.entries(responses)
    .map(([status, each]) => answerRow(status, resolved(each, document), document))
    .join("")}</table></section>`;
}

function parameterRow(part: Part): string {
  const { name, required, description = "", schema } = part;
  const kind = (schema as { readonly type?: unknown } | undefined)?.type ?? "";
  return `<tr><td><code>${escaped(name)}</code></td><td class="quiet">${escaped(part["in"])} ${escaped(kind)}${required ? ", required" : ""}</td><td>${escaped(description)}</td></tr>`;
}

function answerRow(status: string, part: Part, document: OpenApiDocument): string {
  return `<tr><td><code>${escaped(status)}</code></td><td>${escaped(part["description"] ?? "")}${contents(part, document)}</td></tr>`;
}

function contents(part: Part, document: OpenApiDocument): string {
  const { content = {} } = resolved(part, document) as { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> };
  return Object.entries(content)
    .map(([type, { schema }]) => `<div class="quiet">${escaped(type)}</div><pre>${escaped(shapeOf(schema, document))}</pre>`)
    .join("");
}

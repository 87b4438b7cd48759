import { answerOf, type Document, type Place, places, resolve, type Schema } from "./document.ts";

/** `docs/reference/api.md`: everything in the document, for people. */
export function referenceText(document: Document): string {
  const all = places(document);
  const sections = document.tags.map(({ name, description }) => {
    const own = all.filter(({ operation }) => operation.tags.includes(name));
    return [`## ${capital(name)}`, `${description}.`, ...own.map((place) => operationText(document, place))].join("\n\n");
  });
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => schemaText(name, schema));
  const problem = document.components.responses["Problem"];
  return `${[
    "# The engine's API",
    "<!-- Generated from packages/server/openapi.yaml by `npm run generate -w tools/api`. Do not edit. -->",
    document.info.description.trim(),
    ...document.servers.map(({ description }) => description),
    "The document itself is answered at `GET /v1/openapi.json`.",
    "## Failures",
    sentence(problem?.description ?? ""),
    'In a stream that has begun, the failure is its last line: `{"problem": …}`.',
    ...sections,
    "## Schemas",
    ...schemas,
  ].join("\n\n")}\n`;
}

function operationText(document: Document, { path, method, operation, parameters }: Place): string {
  const { status, response, mediaType, schema } = answerOf(document, operation);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const rows = parameters.map(
    (each) => `| \`${each.name}\` | ${each.in}${each.required ? "" : ", optional"} | ${typeText(each.schema)} | ${each.description} |`,
  );
  return [
    `### ${operation.operationId}`,
    `\`${method} ${path}\`: ${lower(operation.summary)}.`,
    ...(operation.description ? [operation.description.trim()] : []),
    ...(rows.length > 0 ? [["| parameter | in | type | meaning |", "|---|---|---|---|", ...rows].join("\n")] : []),
    ...(body ? [`Body: ${typeText(body)}.`] : []),
    `Answer: ${status}${schema ? `, ${mediaType}, ${typeText(schema)}` : ""}. ${capital(response.description)}.`,
    ["```console", curl(document, { path, method, operation, parameters }, body), "```"].join("\n"),
  ].join("\n\n");
}

/** With `$socket` for the socket's path. */
function curl(document: Document, { path, method, parameters }: Place, body: Schema | undefined): string {
  const example = (each: Place["parameters"][number]): unknown => each.example ?? exampleOf(document, each.schema) ?? each.name;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((each) => each.name === name);
    return String(parameter ? example(parameter) : name);
  });
  const query = parameters.filter((each) => each.in === "query" && (each.required || each.example !== undefined));
  const pairs = query.flatMap((each) => [example(each)].flat().map((value) => `${each.name}=${encodeURIComponent(String(value))}`));
  const address = `http://douze${filled}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;
  const given = body && exampleOf(document, body);
  const parts = ["curl --unix-socket $socket"];
  if (method !== "GET") parts.push(`-X ${method}`);
  if (given !== undefined) parts.push(`--json '${JSON.stringify(given)}'`);
  return `$ ${parts.join(" ")} '${address}'`;
}

function exampleOf(document: Document, schema: Schema): unknown {
  return (
    schema.examples?.[0] ??
    (schema.$ref === undefined ? undefined : exampleOf(document, resolve<Schema>(document, schema as Schema & { $ref: string })))
  );
}

function schemaText(name: string, schema: Schema): string {
  const about = schema.description ? [sentence(schema.description)] : [];
  const example = schema.examples?.[0];
  const shown =
    example !== undefined && typeof example === "object" ? [["```json", JSON.stringify(example, null, 2), "```"].join("\n")] : [];
  return [`### ${name}`, ...about, ...shapeText(schema), ...shown].join("\n\n");
}

function shapeText(schema: Schema): string[] {
  if (schema.oneOf) return ["One of:", schema.oneOf.map((each) => `- ${each.$ref ? typeText(each) : fieldsLine(each)}`).join("\n")];
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return schema.pattern !== undefined && schema.description ? [] : [`${capital(typeText(schema))}.`];
  const rows = fields.map(([field, each]) => {
    const about = each.description ?? "";
    return `| \`${field}\`${schema.required?.includes(field) ? "" : " (optional)"} | ${typeText(each)} | ${about} |`;
  });
  return [["| field | type | meaning |", "|---|---|---|", ...rows].join("\n")];
}

function fieldsLine(schema: Schema): string {
  return Object.entries(schema.properties ?? {})
    .map(([field, each]) => `\`${field}\`${schema.required?.includes(field) ? "" : " (optional)"} ${typeText(each)}`)
    .join(", ");
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((each) => `\`${String(each)}\``).join(", ");
  if (schema.type === "array" && schema.items) return `array of ${typeText(schema.items)}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return `object of ${typeText(schema.additionalProperties)} by name`;
  if (schema.type === "object" && schema.properties) return `object: ${fieldsLine(schema)}`;
  if (schema.pattern !== undefined) return `string, \`${schema.pattern}\``.replaceAll("|", "\\|");
  return schema.type ?? "anything";
}

function sentence(text: string): string {
  return /[.:]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

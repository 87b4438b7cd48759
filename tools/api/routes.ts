import { answerOf, type Document, type Parameter, places, resolve, type Schema } from "./document.ts";

/** What a client and a server need to know to carry an operation, without the document. */
export function routesSource(document: Document): string {
  const routes = places(document).map(({ path, method, operation, parameters }) => {
    const { status, mediaType } = answerOf(document, operation);
    const kinds = (place: Parameter["in"]): object =>
      Object.fromEntries(parameters.filter((each) => each.in === place).map((each) => [each.name, kindOf(document, each)]));
    const route = {
      method,
      path,
      pathKinds: kinds("path"),
      queryKinds: kinds("query"),
      body: operation.requestBody !== undefined,
      answer: answerKind(mediaType),
      status,
    };
    return `  ${operation.operationId}: ${JSON.stringify(route)},`;
  });
  return `import type { Route } from "./route.ts";
import type { OperationId } from "./agreement.ts";

export const routes: Readonly<Record<OperationId, Route>> = {
${routes.join("\n")}
};
`;
}

function kindOf(document: Document, { name, schema }: Parameter): string {
  const { type } = resolve<Schema>(document, schema as Schema & { $ref: string });
  if (type === "array") return "strings";
  if (type === "string" || type === "integer" || type === "boolean") return type;
  throw new Error(`parameter ${name}: no way to write ${type} in an address`);
}

function answerKind(mediaType: string | undefined): string {
  if (mediaType === undefined) return "nothing";
  return mediaType === "application/x-ndjson" ? "lines" : "json";
}

import { type OpenApiDocument, operationsOf, readDocument } from "./document.ts";
import { validatorOf } from "./validate.ts";

/** Who asks an app in a test, and looks at each answer. */
export interface ContractClient {
  /** @throws Error - the answer, or that there is such an operation, is not in the contract */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** `POST /jobs 201`: what the contract says and was never seen. */
  unseen(): readonly string[];
}

/**
 * Checks an app against its contract: every answer that comes through this client must be one that the document has, and at the end it tells
 * which of the document's answers nobody has asked for.
 *
 * @param ask - the app's own `fetch`, or a URL where it runs
 */
export async function contractClient(
  source: string | URL | OpenApiDocument,
  ask: string | ((request: Request) => Response | Promise<Response>),
): Promise<ContractClient> {
  const document = await readDocument(source);
  const validator = await validatorOf(document);
  const unseen = new Set(
    operationsOf(document).flatMap(({ method, path, operation }) =>
      Object.keys(operation.responses ?? {}).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
  return {
    async fetch(path, init) {
      const request = new Request(new URL(path, typeof ask === "string" ? ask : "http://app"), init);
      const name = `${request.method} ${path}`;
      const { pathname } = new URL(request.url);
      const response = typeof ask === "string" ? await fetch(request) : await ask(request);
      const found = validator.match(request.method, pathname);
      if (found === undefined || !("operation" in found)) throw new Error(`${name} is not in the contract`);
      const flaws = validator.response(response.status, await bodyOf(response.clone()), found);
      if (flaws.length > 0) throw new Error(`${name} ${response.status}: ${flaws.map(({ at, is }) => `${at} ${is}`).join("; ")}`);
      const declared = Object.keys(found.operation.responses ?? {});
      const status = declared.find((each) => each === String(response.status)) ?? declared.find((each) => /XX$|default/.test(each));
      unseen.delete(`${request.method} ${found.path} ${status}`);
      return response;
    },
    unseen: () => [...unseen],
  };
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  return /json/.test(response.headers.get("content-type") ?? "") ? (JSON.parse(text) as unknown) : text;
}

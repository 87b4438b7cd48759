import { Problem } from "@douze/core/problem";
import type { OperationId } from "./agreement.ts";
import type { Values } from "./parameters.ts";
import { validators } from "./validators.gen.ts";

/** What a generated function says is wrong. It never holds the value that was given. */
interface Fault {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export type Validate = ((request: unknown) => boolean) & { readonly errors?: readonly Fault[] | null };

/** A request taken apart, as the document's schemas describe it. */
export interface Parts {
  readonly path: Values;
  readonly query: Values;
  readonly body?: unknown;
}

/** @throws Problem request-invalid - not what the document says */
export function validate(id: OperationId, parts: Parts): void {
  const check = validators[id];
  if (check) {
    if (!check(parts)) throw requestInvalid(id, faultText(check.errors?.[0]));
    return;
  }
  const [unknown] = Object.keys(parts.query);
  if (unknown !== undefined) throw requestInvalid(id, `there is no parameter \`${unknown}\``);
}

export function requestInvalid(id: string, why: string): Problem {
  return new Problem({
    code: "request-invalid",
    what: `the request for \`${id}\` is not what the API takes`,
    why,
    fix: "docs/reference/api.md has each operation with its parameters and body",
  });
}

function faultText(fault: Fault | undefined): string {
  if (!fault) return "it does not fit its schema";
  const { instancePath, message, params } = fault;
  const extra = params["additionalProperty"] ?? params["propertyName"];
  const where = instancePath.slice(1).replaceAll("/", ".") || "the request";
  return `${where} ${message ?? "does not fit its schema"}${typeof extra === "string" ? `: \`${extra.slice(0, 80)}\`` : ""}`;
}

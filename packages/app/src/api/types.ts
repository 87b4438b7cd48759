import type { Identity } from "../auth/identity.ts";

/** What openapi-typescript writes for an operation. */
export interface OperationType {
  readonly parameters: {
    readonly query?: unknown;
    readonly path?: unknown;
    readonly header?: unknown;
    readonly cookie?: unknown;
  };
  readonly requestBody?: unknown;
  readonly responses: object;
}

/** What openapi-typescript writes for a document: its `operations`, by `operationId`. */
export type OperationTypes<Operations> = { readonly [Id in keyof Operations]: OperationType };

type ContentOf<Body> = Body extends { readonly content: infer Content } ? Content[keyof Content] : undefined;

/** A request that has been found to be as the document says. */
export interface Call<Operation extends OperationType> {
  readonly path: Operation["parameters"]["path"];
  readonly query: NonNullable<Operation["parameters"]["query"]>;
  readonly body: ContentOf<NonNullable<Operation["requestBody"]>>;
  /** Who asks; nothing where the operation asks for nobody. */
  readonly identity: Identity | undefined;
  readonly request: Request;
}

/** An answer as the document says: a status, and the body that goes with it. */
export type Reply<Operation extends OperationType> = {
  [Status in keyof Operation["responses"]]: {
    readonly status: Status extends number ? Status : number;
    readonly headers?: Readonly<Record<string, string>>;
  } & (Operation["responses"][Status] extends { readonly content: infer Content }
    ? { readonly body: Content[keyof Content] }
    : { readonly body?: undefined });
}[keyof Operation["responses"]];

/** A function for each operation, by `operationId`; one that is missing is an error of types. */
export type Handlers<Operations extends OperationTypes<Operations>> = {
  readonly [Id in keyof Operations]: (
    call: Call<Operations[Id]>,
  ) => Reply<Operations[Id]> | Response | Promise<Reply<Operations[Id]> | Response>;
};

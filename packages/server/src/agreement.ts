import type { Branded } from "@douze/core/ids";
import type { OnProgress, Operations } from "@douze/engine";
import type { components, operations } from "./api.gen.ts";

/** The document names each operation as `Operations` does; `calls` fails to compile where one of the two lacks one. */
export type OperationId = keyof operations;

/** As it travels: the parts of an address, and a body. */
export interface Message<K extends OperationId> {
  readonly path: PathOf<operations[K]>;
  readonly query: QueryOf<operations[K]>;
  readonly body: BodyOf<operations[K]>;
}

/** What an operation is called with, brands and listeners taken off. */
export type Given<K extends keyof Operations> = Plain<Asked<Parameters<Operations[K]>>>;

/** How an operation's arguments become a message and come out of it again. */
export interface Call<K extends OperationId & keyof Operations> {
  readonly pack: (...given: Given<K>) => Message<K>;
  readonly unpack: (message: Message<K>) => Given<K>;
}

/**
 * A call for each operation, provided that its answer and its body are the same in the document as in `Operations`, down to
 * which fields are optional; otherwise a type that nothing satisfies and that names what differs.
 */
export type Calls = {
  readonly [K in OperationId | keyof Operations]: K extends OperationId & keyof Operations
    ? Same<Answered<K>, Plain<AnswerOf<Operations[K]>>> extends true
      ? SameRequest<K> extends true
        ? Call<K>
        : { readonly "what it takes differs": [Message<K>, Given<K>[0]] }
      : { readonly "the answer differs": [Answered<K>, Plain<AnswerOf<Operations[K]>>] }
    : { readonly "only one of the two has it": K };
};

/** What a line of a stream may be beside an event or a log line. */
export interface Last {
  readonly result?: unknown;
  readonly problem?: ProblemMessage;
}

/** A problem as it travels. */
export type ProblemMessage = components["schemas"]["Problem"];

type PathOf<O> = O extends { readonly parameters: { readonly path: infer P } } ? P : Empty;
type QueryOf<O> = O extends { readonly parameters: { readonly query?: infer Q } }
  ? [Q] extends [undefined]
    ? Empty
    : Exclude<Q, undefined>
  : Empty;
type BodyOf<O> = O extends { readonly requestBody: { readonly content: { readonly "application/json": infer B } } } ? B : undefined;
type Empty = Readonly<Record<string, never>>;

type Asked<A extends readonly unknown[]> = A extends readonly [...infer Rest, OnProgress]
  ? Rest
  : A extends readonly [...infer Rest, AbortSignal]
    ? Rest
    : A;
type AnswerOf<F> = F extends (...given: never) => Promise<infer A>
  ? Something<A>
  : F extends (...given: never) => AsyncIterable<infer Line>
    ? Line
    : never;
type Something<A> = [A] extends [object] ? A : undefined;

type Answered<K extends OperationId> = operations[K] extends { readonly responses: infer R }
  ? Contents<R[keyof R & (200 | 201 | 202 | 204)]>
  : never;
type Contents<R> = R extends { readonly content: { readonly "application/json": infer A } }
  ? A
  : R extends { readonly content: { readonly "application/x-ndjson": infer Line } }
    ? ResultOf<Extract<Line, { readonly result: unknown }>, Line>
    : undefined;
/** Of a stream with a result, the result; of one without, a line. */
type ResultOf<WithResult, Line> = [WithResult] extends [never] ? Line : WithResult extends { readonly result: infer A } ? A : never;

/** A body or a query that is the operation's own request: the type of `pack` alone would let it lack an optional field. */
type SameRequest<K extends OperationId & keyof Operations> = K extends "logs"
  ? Same<Omit<QueryOf<operations[K]>, "process">, Omit<Given<K>[0], "processes">>
  : "by" extends keyof Given<K>[0]
    ? BodyOf<operations[K]> extends undefined
      ? true
      : Same<BodyOf<operations[K]>, Omit<Given<K>[0], PathName<K>>>
    : true;
type PathName<K extends OperationId> = string extends keyof PathOf<operations[K]> ? never : keyof PathOf<operations[K]>;

/** Without brands, which no JSON carries. */
export type Plain<T> =
  T extends Branded<string, string>
    ? string
    : T extends Branded<number, string>
      ? number
      : T extends string | number | boolean | null | undefined
        ? T
        : T extends readonly unknown[]
          ? { [I in keyof T]: Plain<T[I]> }
          : { [K in keyof T as K extends Branded<string, string> ? string : K]: Plain<T[K]> };

/** Whether two types are each other's, down to which fields are optional. */
export type Same<A, B> = [Shape<A>] extends [Shape<B>] ? ([Shape<B>] extends [Shape<A>] ? true : false) : false;

/** Like a type, but an optional field and a missing one are different things. */
type Shape<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Shape<Item>[]
    : {
        readonly [K in keyof T]-?: Empty extends Pick<T, K>
          ? { readonly optional: Shape<Exclude<T[K], undefined>> }
          : { readonly required: Shape<T[K]> };
      };

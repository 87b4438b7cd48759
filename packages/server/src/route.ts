/** How one operation travels; made from the document. */
export interface Route {
  readonly method: string;
  /** `/v1/releases/{version}` */
  readonly path: string;
  readonly pathKinds: Readonly<Record<string, ParameterKind>>;
  readonly queryKinds: Readonly<Record<string, ParameterKind>>;
  readonly body: boolean;
  /** `lines`: one JSON value per line, as they come. */
  readonly answer: "json" | "lines" | "nothing";
  /** HTTP status when all is well. */
  readonly status: number;
}

/** How a parameter is written in an address. `strings` may be given more than once. */
export type ParameterKind = "string" | "integer" | "boolean" | "strings";

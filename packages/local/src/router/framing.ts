/** How the end of a body is told. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

const none: Framing = { kind: "none" };

/** What framing depends on, gathered while the fields are read. */
export interface FramingFields {
  readonly lengths: readonly string[];
  readonly codings: readonly string[];
}

/**
 * How a request's body ends, or what is ambiguous about it. Whatever two readers could end at different places is refused: that
 * is how one request hides in another.
 */
export function requestFraming({ lengths, codings }: FramingFields, minor: number): Framing | string {
  if (codings.length > 0) {
    if (lengths.length > 0) return "it has both Content-Length and Transfer-Encoding";
    if (minor === 0) return "it has a Transfer-Encoding, which HTTP/1.0 does not know";
    // Exactly this, in any case: `xchunked`, `chunked, identity`, or a second header are tricks.
    return codings.length === 1 && codings[0]?.toLowerCase() === "chunked"
      ? { kind: "chunked" }
      : "its Transfer-Encoding is not `chunked` alone";
  }
  return lengthFraming(lengths) ?? none;
}

/** The same for the answer to a request. @see RFC 9112, section 6.3 */
export function responseFraming({ lengths, codings }: FramingFields, status: number, method: string): Framing | string {
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return none;
  if (codings.length > 0) {
    if (lengths.length > 0) return "it has both Content-Length and Transfer-Encoding";
    return codings.length === 1 && codings[0]?.toLowerCase() === "chunked"
      ? { kind: "chunked" }
      : "its Transfer-Encoding is not `chunked` alone";
  }
  return lengthFraming(lengths) ?? { kind: "until-close" };
}

function lengthFraming(lengths: readonly string[]): Framing | string | undefined {
  const [first] = lengths;
  if (first === undefined) return undefined;
  if (lengths.length > 1) return "it has more than one Content-Length";
  if (!/^\d{1,15}$/.test(first)) return "its Content-Length is not a number";
  const bytes = Number(first);
  return bytes === 0 ? none : { kind: "length", bytes };
}

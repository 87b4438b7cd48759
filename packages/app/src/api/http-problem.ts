/** An answer that says what went wrong, as RFC 9457 has it. Thrown by a handler, it is sent. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly title: string;
  /** What tells this problem from others of its kind; it is sent, so it holds nothing secret. */
  readonly detail: string | undefined;
  /** More members of the answer. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    title: string,
    {
      detail,
      headers = {},
      ...members
    }: { readonly detail?: string; readonly headers?: Readonly<Record<string, string>>; readonly [member: string]: unknown } = {},
  ) {
    super(detail === undefined ? title : `${title}: ${detail}`);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.members = members;
    this.headers = headers;
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9457 */
  response(): Response {
    const { status, title, detail, members, headers } = this;
    const body = { type: "about:blank", title, status, ...(detail !== undefined && { detail }), ...members };
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });
  }
}

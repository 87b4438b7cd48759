/** Requests by which a client asks for another kind of connection; the server answers in one byte, and the client begins anew. */
const sslRequest = 80_877_103;
const gssRequest = 80_877_104;

/**
 * The SQL that a client of PostgreSQL sent over one connection, in order: of simple queries, and of statements that it had prepared.
 * What cannot be understood ends the reading. Pure.
 *
 * @param sent - all that the client said from the connection's beginning on; it may be cut off anywhere
 * Source: PostgreSQL, "Message Formats" of the frontend/backend protocol, version 3
 */
export function statementsOf(sent: Buffer): readonly string[] {
  const statements: string[] = [];
  let at = 0;
  // The first messages have no type.
  while (at + 8 <= sent.length) {
    const length = sent.readUInt32BE(at);
    const code = sent.readUInt32BE(at + 4);
    if (length < 8) return [];
    at += length;
    if (code !== sslRequest && code !== gssRequest) break;
  }
  while (at + 5 <= sent.length) {
    const type = String.fromCharCode(sent[at] ?? 0);
    const end = at + 1 + sent.readUInt32BE(at + 1);
    if (end < at + 5 || end > sent.length) break;
    const body = sent.subarray(at + 5, end);
    if (type === "Q") statements.push(textAt(body, 0).text);
    // Its name comes first, and is mostly empty.
    if (type === "P") statements.push(textAt(body, textAt(body, 0).next).text);
    at = end;
  }
  return statements;
}

function textAt(body: Buffer, from: number): { readonly text: string; readonly next: number } {
  const zero = body.indexOf(0, from);
  const to = zero === -1 ? body.length : zero;
  return { text: body.toString("utf8", from, to), next: to + 1 };
}

/** SQL without its comments, and with its literals empty: what it says, and not what it says it about. Pure. */
export function bareSql(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/g, (part) =>
    part.startsWith("-") || part.startsWith("/") ? " " : "''",
  );
}

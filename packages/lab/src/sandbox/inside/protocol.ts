/**
 * Which protocol a client speaks, by its first bytes. Pure.
 *
 * @returns nothing for what is not known; `host` where the client names one itself
 */
export function protocolOf(bytes: Buffer): { readonly protocol: string; readonly host?: string } | undefined {
  const text = bytes.toString("latin1");
  if (bytes[0] === 0x16 && bytes[1] === 0x03) {
    const host = serverName(bytes);
    return { protocol: "tls", ...(host !== undefined && { host }) };
  }
  if (/^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|PRI) /.test(text)) {
    const host = /^host:\s*([^\r\n:]+)/im.exec(text)?.[1];
    return { protocol: "http", ...(host !== undefined && { host }) };
  }
  // The request for TLS, and the start of the protocol 3.0, after a length of four bytes.
  if (bytes.length >= 8 && [0x04d2162f, 0x00030000].includes(bytes.readUInt32BE(4))) return { protocol: "postgres" };
  if (text.startsWith("AMQP")) return { protocol: "amqp" };
  if (/^\*\d+\r\n\$/.test(text) || /^(PING|HELLO|AUTH|INFO)\b/i.test(text)) return { protocol: "redis" };
  if (bytes.length >= 16 && [2004, 2013].includes(bytes.readInt32LE(12))) return { protocol: "mongodb" };
  if (/^(EHLO|HELO) /i.test(text)) return { protocol: "smtp" };
  return undefined;
}

/** The name in the TLS greeting. @see https://www.rfc-editor.org/rfc/rfc6066#section-3 */
function serverName(hello: Buffer): string | undefined {
  try {
    let at = 5 + 4 + 2 + 32;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    const end = at + 2 + hello.readUInt16BE(at);
    at += 2;
    while (at + 4 <= end) {
      const [type, length] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
      if (type === 0) return hello.toString("latin1", at + 9, at + 9 + hello.readUInt16BE(at + 7));
      at += 4 + length;
    }
    return undefined;
  } catch (error) {
    // A greeting that was cut off: the name is in a part that did not come.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

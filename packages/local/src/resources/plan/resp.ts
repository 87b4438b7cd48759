/** An answer in Redis' protocol, version 2. @see https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export type Reply = { readonly error: string } | { readonly value: string | null | readonly Reply[] };

/** A command as Redis reads it. */
export function command(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`).join("")}`;
}

/**
 * The first answer in what has come so far, and how much of it that was; nothing while it is incomplete. The text is `latin1`,
 * so that its characters are bytes.
 *
 * @throws Error - it is not Redis' protocol
 */
export function firstReply(text: string, from = 0): { readonly reply: Reply; readonly end: number } | undefined {
  const lineEnd = text.indexOf("\r\n", from);
  if (lineEnd < 0) return undefined;
  const line = text.slice(from + 1, lineEnd);
  const next = lineEnd + 2;
  switch (text[from]) {
    case "+":
    case ":":
      return { reply: { value: line }, end: next };
    case "-":
      return { reply: { error: line }, end: next };
    case "$":
      return bulk(text, Number(line), next);
    case "*":
      return several(text, Number(line), next);
    default:
      throw Object.assign(new Error("it does not speak Redis' protocol"), { code: "EPROTO" });
  }
}

function bulk(text: string, length: number, from: number): ReturnType<typeof firstReply> {
  if (length < 0) return { reply: { value: null }, end: from };
  const end = from + length + 2;
  return text.length < end ? undefined : { reply: { value: text.slice(from, from + length) }, end };
}

function several(text: string, count: number, from: number): ReturnType<typeof firstReply> {
  if (count < 0) return { reply: { value: null }, end: from };
  const value: Reply[] = [];
  let end = from;
  for (let index = 0; index < count; index++) {
    const one = firstReply(text, end);
    if (!one) return undefined;
    value.push(one.reply);
    end = one.end;
  }
  return { reply: { value }, end };
}

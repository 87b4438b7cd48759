import type { IncomingMessage } from "node:http";

/** The values of an NDJSON stream, as they come. */
export async function* readLines(response: IncomingMessage): AsyncGenerator<unknown> {
  response.setEncoding("utf8");
  let rest = "";
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest !== "") yield JSON.parse(rest);
}

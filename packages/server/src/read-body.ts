import type { IncomingMessage } from "node:http";
import { Problem } from "@douze/core/problem";
import { requestInvalid } from "./validate.ts";

/** The most that a body may hold: config values can be whole files. */
export const maxBodyBytes: number = 32 * 1024 * 1024;

/**
 * @throws Problem request-type-unknown - not `application/json`
 * @throws Problem request-too-large - over `maxBodyBytes`
 * @throws Problem request-invalid - no JSON, or cut off
 */
export async function readBody(request: IncomingMessage, id: string): Promise<unknown> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw typeUnknown(type);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      // What is too much is read to its end and dropped: a caller that still writes would never see the answer.
      if (sizeBytes <= maxBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    throw requestInvalid(id, "the caller went away before the end of the body");
  }
  if (sizeBytes > maxBodyBytes) throw tooLarge();
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    // The parser's own words would quote the body, which may hold secrets.
    throw requestInvalid(id, "the body is not JSON in UTF-8");
  }
}

function typeUnknown(type: string | undefined): Problem {
  return new Problem({
    code: "request-type-unknown",
    what: "the body's media type is not one that the API takes",
    why: `its Content-Type is ${type === undefined ? "absent" : `\`${type.slice(0, 80)}\``}`,
    fix: "send JSON with `Content-Type: application/json`",
  });
}

function tooLarge(): Problem {
  return new Problem({
    code: "request-too-large",
    what: "the body is larger than the API takes",
    why: `at most ${maxBodyBytes / 1024 / 1024} MiB are taken`,
    fix: "keep what is so large in a file of the codebase or in a backing service, and its address in the config",
  });
}

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Problem } from "@douze/core/problem";

/**
 * Reads `KEY=value` words and `KEY=path` words whose value is a file's content; a path `-` is standard input. Values are taken as
 * they are, with newlines and quotes.
 *
 * @throws Problem assignment-invalid - no `=`, no such file, or bytes that are no UTF-8
 */
export async function assignments(words: readonly string[], fromFiles: readonly string[]): Promise<Record<string, string>> {
  const values = words.map((word) => split(word, "KEY=value"));
  const read = await Promise.all(
    fromFiles.map(async (word) => {
      const [key, path] = split(word, "KEY=path");
      return [key, await content(key, path)] as const;
    }),
  );
  return Object.fromEntries([...values, ...read]);
}

/** For an option that is given once for each value: one that took several would take the arguments after it too. */
export function listed(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word];
}

function split(word: string, shape: string): readonly [string, string] {
  const equals = word.indexOf("=");
  const key = word.slice(0, equals);
  if (equals > 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return [key, word.slice(equals + 1)];
  // The word may be a secret whose key was forgotten: it is not repeated.
  throw new Problem({
    code: "assignment-invalid",
    what: "an argument sets nothing",
    why: `wanted is ${shape}, with a key of letters, digits and \`_\``,
    fix: "for example `douze config set GREETING=Hello`",
  });
}

async function content(key: string, path: string): Promise<string> {
  try {
    const bytes = path === "-" ? Buffer.from(await text(process.stdin)) : await readFile(path);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const why =
      cause instanceof TypeError
        ? "its bytes are no UTF-8, which no environment variable can carry"
        : ((cause as NodeJS.ErrnoException).code ?? "it cannot be read");
    throw new Problem({
      code: "assignment-invalid",
      what: `the value of ${key} cannot be read from ${path}`,
      why,
      fix: "name a readable file of text; encode other bytes, for instance with base64",
      cause,
    });
  }
}

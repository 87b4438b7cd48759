import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { envFile } from "@douze/core/env-file";
import { Problem } from "@douze/core/problem";
import type { Context } from "./context.ts";
import { edited } from "./editor.ts";
import { progressOn } from "./progress.ts";

export interface Change {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

export async function changeConfig({ ask, paper, json, by }: Context, change: Change): Promise<void> {
  if (Object.keys(change.set).length === 0 && change.unset.length === 0) {
    throw new Problem({
      code: "assignment-invalid",
      what: "nothing is set",
      why: "no KEY=value was given",
      fix: "for example `douze config set GREETING=Hello`",
    });
  }
  const result = await ask((operations) => operations.changeConfig({ ...change, by }, progressOn(paper)));
  if (json) return paper.json(result);
  const { release, live } = result;
  if (release) paper.line(`v${release.version} ${release.status}: ${release.description}`);
  else if (live.length > 0) paper.line(`changed at once, with no release: ${live.join(", ")}`);
  else paper.line("nothing has changed");
}

export async function importConfig(context: Context, file: string): Promise<void> {
  const content =
    file === "-"
      ? await text(process.stdin)
      : await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
          throw new Problem({
            code: "assignment-invalid",
            what: `${file} cannot be read`,
            why: cause.code ?? cause.message,
            fix: "name a readable .env file",
            cause,
          });
        });
  await changeConfig(context, { set: envFile(content, file), unset: [] });
}

/** Opens the ledger's own values in an editor; what was taken out is unset. Secrets are left out: they are only ever set. */
export async function editConfig(context: Context): Promise<void> {
  const list = await context.ask((operations) => operations.config());
  const before = Object.fromEntries(
    list.flatMap(({ key, from, value }) => (from === "ledger" && value !== undefined ? [[key, value]] : [])),
  );
  const head = "# Values that `douze config set` holds. Take a line out to unset it; secrets are not listed.\n";
  const lines = Object.entries(before).map(([key, value]) => `${key}=${quoted(value)}\n`);
  const after = envFile(await edited(head + lines.join(""), "config.env", context.env), "config.env");
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  const unset = Object.keys(before).filter((key) => !(key in after));
  if (Object.keys(set).length === 0 && unset.length === 0) context.paper.aside("nothing has changed");
  else await changeConfig(context, { set, unset });
}

/** As `envFile` reads it back, sign for sign. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };
  return `"${text.replace(/[\n\r\t"\\]/g, (sign) => escapes[sign] ?? sign)}"`;
}

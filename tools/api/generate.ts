import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { type Document, readDocument } from "./document.ts";
import { referenceText } from "./reference.ts";
import { routesSource } from "./routes.ts";
import { validatorsSource } from "./validators.ts";

const root = new URL("../../", import.meta.url);
const source = new URL("packages/server/openapi.yaml", root);
const notice = "// Generated from openapi.yaml by `npm run generate -w tools/api`. Do not edit.\n";

/** Everything that follows from the document, by path in the repository. */
async function generated(document: Document): Promise<Record<string, string>> {
  const types = await typesOf(source);
  const hola = await typesOf(new URL("examples/hola/openapi.yaml", root));
  const notes = await typesOf(new URL("packages/app/test/fixtures/openapi.yaml", root));
  return {
    "examples/hola/openapi.gen.ts": notice + hola,
    "packages/app/test/fixtures/openapi.gen.ts": notice + notes,
    "packages/server/openapi.gen.json": `${JSON.stringify(document)}\n`,
    "packages/server/src/api.gen.ts": notice + types,
    "packages/server/src/routes.gen.ts": notice + routesSource(document),
    "packages/server/src/validators.gen.ts": notice + validatorsSource(document),
    "docs/reference/api.md": referenceText(document),
  };
}

async function typesOf(document: URL): Promise<string> {
  return astToString(await openapiTS(document, { immutable: true, alphabetize: false, defaultNonNullable: false }));
}

const check = process.argv.includes("--check");
const files = await generated(await readDocument(source));
for (const [path, text] of Object.entries(files)) {
  const url = new URL(path, root);
  const present = await readFile(url, "utf8").catch(() => "");
  if (present === text) continue;
  if (check) {
    console.error(`${path} is not what openapi.yaml says: run \`npm run generate -w tools/api\``);
    process.exitCode = 1;
  } else {
    await writeFile(fileURLToPath(url), text);
    console.log(path);
  }
}
